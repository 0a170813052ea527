# jasmin_compat: takes the environment, volumes, ports and command lines of Jasmin's image.
FROM python:3.11-slim-bookworm AS build
COPY pyproject.toml README.md LICENSE NOTICE /src/
COPY requirements /src/requirements
COPY docker /src/docker
COPY jasmin_compat /src/jasmin_compat
RUN /src/docker/install.sh /opt/jasmin_compat

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 jasmin \
 && useradd --system --uid 10001 --gid jasmin --home-dir /etc/jasmin --shell /usr/sbin/nologin jasmin \
 && mkdir -p /etc/jasmin/store /etc/jasmin/resource /var/log/jasmin \
 && chown -R jasmin:jasmin /etc/jasmin /var/log/jasmin
COPY --from=build /opt/jasmin_compat /opt/jasmin_compat
COPY docker/entrypoint.sh /docker-entrypoint.sh
COPY --chown=jasmin:jasmin configs/jasmin.cfg configs/dlr.cfg configs/dlrlookupd.cfg configs/jasmin_compat.yaml /etc/jasmin/
ENV PATH=/opt/jasmin_compat/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ROOT_PATH=/ CONFIG_PATH=/etc/jasmin RESOURCE_PATH=/etc/jasmin/resource \
    STORE_PATH=/etc/jasmin/store LOG_PATH=/var/log/jasmin UNICODEMAP_JP=unicode-ascii \
    AMQP_BROKER_HOST=rabbitmq AMQP_BROKER_PORT=5672 \
    REDIS_CLIENT_HOST=redis REDIS_CLIENT_PORT=6379 \
    JCLI_BIND=0.0.0.0
USER jasmin
VOLUME ["/var/log/jasmin", "/etc/jasmin", "/etc/jasmin/store"]
EXPOSE 2775 8990 1401
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python3", "-c", "import os, urllib.request as u; assert u.urlopen('http://127.0.0.1:%s/ping' % os.environ.get('HTTP_API_PORT', os.environ.get('API_PORT', '1401')), timeout=2).read() == b'Jasmin/PONG'"]
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["jasmind.py", "--enable-interceptor-client", "--enable-dlr-thrower", "--enable-dlr-lookup", "-u", "jcliadmin", "-p", "jclipwd"]

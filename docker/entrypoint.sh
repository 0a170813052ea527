#!/bin/sh
# Takes what Jasmin's image takes (docs/contract/config.md §11): its environment and its command lines.
set -eu

for dir in "${LOG_PATH:-/var/log/jasmin}" "${STORE_PATH:-/etc/jasmin/store}"; do
  if ! mkdir -p "$dir" 2>/dev/null || [ ! -w "$dir" ]; then
    echo "entrypoint: user $(id -un) cannot write to $dir; Jasmin's image wrote it as root:" \
      "chown -R $(id -u):$(id -g) the volume once" >&2
    exit 1
  fi
done

# A container's /tmp is ours alone: a lock there is from a run that was killed.
rm -f /tmp/*.lock

for mode in RESTAPI_HTTP_MODE RESTAPI_WORKER_MODE; do
  eval "value=\${$mode:-0}"
  if [ "$value" = 1 ]; then
    echo "entrypoint: $mode=1: jasmind serves the REST API and sends its batches here:" \
      "set REST_API_PORT=8080 for its container and take this one away (docs/rest.md)" >&2
    exit 1
  fi
done

exec "$@"

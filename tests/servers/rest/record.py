"""Records what Jasmin's REST API (0.12) answers, into recorded.json.gz; not a test.

Its own WSGI application is called over a scripted HTTP API; Celery is a list. Run it with Jasmin
0.12's source on PYTHONPATH, Falcon 3.1.3, Celery and requests installed:

    CONFIG_PATH=/nowhere LOG_PATH=/tmp python record.py > recorded.json && gzip -9n recorded.json

`answers`: the request, what the HTTP API was asked and answered, the answer, what Celery was given.
`worker`: what a task made of the HTTP API's answer. `callbacks`: the URL a callback asks for.
"""
# ruff: noqa: RUF005, SIM905

import base64
import io
import itertools
import json
import logging
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes

import requests
from jasmin.protocols.rest import api, tasks

resources = sys.modules["jasmin.protocols.rest.api"]  # the package's `api` is the application

SUCCESS = 'Success "7c9f0f4e-1b7b-4c3e-9f53-0d8f4f3a2b10"'
USUAL = {
    "ping": [200, "Jasmin/PONG"],
    "balance": [200, '{"balance": "ND", "sms_count": "ND"}'],
    "rate": [200, '{"submit_sm_count": 1, "unit_rate": 0.0}'],
    "send": [200, SUCCESS],
}
script: dict = {}
asked: list = []
given: list = []
called: list = []
lines: list = []
answers: list = []
worker: list = []
callbacks: list = []

# ---------------------------------------------------------------- around the application


class Backend(BaseHTTPRequestHandler):
    """The HTTP API."""

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        path, _, query = self.path.partition("?")
        body = self.rfile.read(size).decode("latin-1")
        status, text = script.get(path[1:], USUAL[path[1:]])
        row = {"resource": path[1:], "query": query, "body": body, "answered": [status, text]}
        asked.append(row)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_):
        pass


class Celery:
    """Takes what api.py gives to a worker."""

    def delay(self, *args):
        self.apply_async(args, 0)

    def apply_async(self, args, countdown):
        given.append({"args": json.loads(json.dumps(args[1:3])), "countdown": countdown})


class Callback:
    """Takes what a worker gives to another."""

    def delay(self, url, _batch_id, to, status, text):
        called.append({"url": url, "to": to, "status": status, "text": text})


class Lines(logging.Handler):
    def emit(self, record):
        lines.append(f"{record.levelname} {record.getMessage()}")


def wsgi(method, target, headers, body):
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "gw",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else "HTTP_" + key] = value
    started = []
    body = b"".join(api(environ, lambda status, headers, _=None: started.append((status, headers))))
    return *started[-1], body


UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


LOGIN = [("Authorization", "Basic " + b64("full:pwd"))]


def case(method, target, headers=LOGIN, body=b"", **scripted):
    for one in (script, asked, given, lines):
        one.clear()
    script.update(scripted)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer_headers, answer = wsgi(method, target, headers, raw)
    if b"batchId" in answer:
        answer = UUID.sub(b"BATCH", answer)
    answers.append(
        {
            "method": method,
            "target": target,
            "headers": [list(header) for header in headers],
            "body": raw.decode("latin-1"),
            "asked": asked[:],
            "given": given[:],
            "status": status,
            "answer_headers": sorted([name.lower(), value] for name, value in answer_headers),
            "answer": answer.decode("latin-1"),
            "log": [line for line in lines if "@" in line],
        }
    )


# ---------------------------------------------------------------- cases

ACCEPT = """
*/*|application/json|application/*|text/html|text/html,*/*;q=0.1|application/json;q=0||
application/json, text/xml|application/xml|text/xml;q=0.9, application/json;q=0.5|
application/json; charset=utf-8|application/vnd.api+json|
text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8|json|*|application/json;q=x|
APPLICATION/JSON|*/*;q=0|text/*|text/plain, application/json;q=0.0|application/json;q=0, */*
""".replace("\n", "").split("|")  # fmt: skip
PATHS = """/ /ping/ /ping/x /secure /secure/ /secure/send/ /secure/nope //ping //secure/send
/SECURE/send /Ping /%70ing /secure%2Fsend /send /balance /secured/x""".split()
METHODS = "GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT PROPFIND FOO".split()
RESOURCES = "/ping /secure/balance /secure/rate?to=1 /secure/send /secure/sendbatch /nope".split()
GOOD = b64("full:pwd")
TOKENS = [
    *("", " ", "Basic", "Basic ", f"Basic  {GOOD}", f"Basic {GOOD} x", f"Bearer {GOOD}"),
    *(f"basic {GOOD}", "Basic !!!", "Basic abc", "Basic abcde", "Basic a"),
    *("Basic " + b64(text) for text in (b"\xff\xfe:x", "full", "full:pwd:x", ":", "full:", ":pwd")),
    *("Basic " + b64("fué:p€d"), "Basic " + GOOD.rstrip("="), f"Basic={GOOD}", f"Basic\t{GOOD}"),
    *("Basic " + b64("a b:c d"), f"Basic {GOOD}é", "Basic ====", "Basic é"),
]
STATUSES = (200, 400, 403, 404, 412, 500, 503, 520, 299, 418, 451, 429, 508)
QUERIES = """to=1 to=1&from=a_b&coding=0 to=1&to=2 hex_content=41&to=1 to=1,2 to= to =1
to=1&username=evil&password=x t%6f=%2B1 to=+1 content=%E9 content=%C3%A9 custom_tlvs=%5B%5D&to=1
a_b_c=1 to=1;from=2 content=a%26b to=1&&from=2 content=%zz""".split()
M = {"to": "1", "content": "x"}
BODIES = [
    *(b"", b"{", b"[]", b'"x"', b"1", b"null", b"{}", b"\xff", b'{"to": "\xff"}', b'{"a": NaN}'),
    *(b'\xef\xbb\xbf{"to": "1"}', b'{"to": "1"} x', b'{"to": "1", "to": "2"}'),
    b'{"content": "\\ud800", "to": "1"}',
    {"to": "15550001", "content": "hello", "from": "Jasmin"},
    {"to": 15550001, "content": "hello"},
    {"to": 1.5, "content": 1e30},
    {"to": True, "content": None},
    {"to": ["1", "2"], "content": []},
    {"to": {"a": 1, "b": 2}, "content": "x"},
    {"to": [["1", "2"], "3"], "content": "x"},
    {"to": [None, "1"], "content": [True, 2]},
    {"to": "1", "content": "€ é & = +"},
    {"to": "1", "hex_content": "41"},
    {"to": "1", "hex-content": "41", "hex_content": "42"},
    {"hex_content": "42", "to": "1", "hex-content": "41"},
    {**M, "dlr_level": 3, "dlr_url": "http://h/", "dlr": "yes", "validity_period": 5},
    {**M, "username": "evil", "password": "evil"},
    {"username": "evil", **M, "_": 1, "__a__": "b", "": "e"},
    {**M, "custom_tlvs": []},
    {**M, "custom_tlvs": None},
    {**M, "custom-tlvs": []},
    {**M, "dlr_level": 1, "custom_tlvs": [[100, None, "Int2", 5]]},
    {"to": 1, "content": None, "hex_content": "41", "custom_tlvs": {"a": "b"}},
    {"to": ["1"], "content": "€", "custom_tlvs": "x"},
    {"to": "1", "content": "", "from": ""},
    {"to": "", "content": "x"},
]
SEND_ANSWERS = [
    (412, 'Error "No route found"'),
    (400, 'Error "Argument [to] has an invalid value: [{x}]."'),
    (403, 'Error "Authentication failure for username:full"'),
    (520, 'Error "Interception specific error code 520"'),
    (500, 'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"'),
    *((299, 'Error "x"'), (200, '""quoted""'), (404, ""), (200, "")),
    (503, 'Error "InterceptorPB not connected !"'),
]
URLS = {"callback_url": "http://h/c", "errback_url": "http://h/e"}
BATCHES = [
    *(b"", b"{", b"[]", b"{}", b"null", b'"x"'),
    *({"messages": m} for m in ([], {}, None, "ab", [1], ["x"], [None], [[]])),
    *({"messages": m} for m in ([[["to", "1"], ["content", "x"]]], 5, [M, M])),
    {
        "messages": [M, {"to": "1"}, {"content": "x"}, {}, {"to": "2", "hex_content": "41"}]
        + [{"to": None, "content": None}]
    },
    {
        "globals": {"from": "g", "content": "gc"},
        "messages": [{"to": "1"}, {"to": "2", "from": "m"}, {"to": ["3", "4", 5]}],
    },
    {
        "globals": {"to": "9", "content": "g"},
        "messages": [{}, {"to": []}, {"to": [["1", "2"]]}],
    },
    *({"globals": g, "messages": [M]} for g in (None, "x", [])),
    {"globals": None, "messages": []},
    {"globals": [["from", "g"]], "messages": [M]},
    {
        "messages": [
            {**M, "username": "other", "password": "opw", "dlr_level": 2, "custom_tlvs": [1]}
        ]
    },
    {"globals": {"username": "g", "custom_tlvs": [2]}, "messages": [M, {**M, "custom_tlvs": None}]},
    {"messages": [{"to": {"a": 1}, "content": "x"}]},
    {"messages": [{"to": "12", "content": ["x"]}], "batch_config": {**URLS, "extra": 1}},
    *({"messages": [M], "batch_config": config} for config in (None, [], "x")),
    {"messages": [M], "batch_config": {"callback_url": 5, "errback_url": ""}},
    {"messages": [M], "batch_config": {"callback_url": None, "errback_url": {}}},
]
TIMES = [
    *("0s", "10s", "10s\n", " 10s", "10", "s", "-1s", "1.5s", "010s", "10S", "10s ", "\u0665s"),
    *("", "x", None, 10, 1.5, True, [], {}, "2000-01-01 00:00:00", "2000-01-01T00:00:00"),
    *("2000-01-01", "2000-13-01 00:00:00", "2000-1-1 0:0:0", "2099-01-01 00:00:00 "),
    *("2000-01-01 00:00:00 x", "2000-02-30 00:00:00"),
]


def ask_who_and_what():
    for accept, target in itertools.product(ACCEPT, ("/ping", "/nope")):
        case("GET", target, [("Accept", accept)])
    case("GET", "/ping", [])
    case("GET", "/ping?x=1", [])
    case("GET", "/ping", [], ping=[404, "no"])
    for target, headers in itertools.product(PATHS, ([], LOGIN)):
        case("GET", target, headers)
    for method, target in itertools.product(METHODS, RESOURCES):
        case(method, target, LOGIN, b'{"to": "1", "content": "x"}' if "send" in target else b"")
        case(method, target, [])
    for token in TOKENS:
        case("GET", "/secure/balance", [("Authorization", token)])
    case("GET", "/secure/nope", [("Authorization", "x")])
    case("GET", "/secure/balance", [("Accept", "text/html")])


def ask_balance_and_rate():
    for status in STATUSES:
        case("GET", "/secure/balance", LOGIN, balance=[status, f'"answer {status}"'])
    case("GET", "/secure/balance", LOGIN, balance=[200, "{not json"])
    case("GET", "/secure/balance?username=x&password=y")
    failure = '"Authentication failure for username:full"'
    case("GET", "/secure/balance", LOGIN, balance=[403, failure])
    for query in QUERIES:
        case("GET", "/secure/rate?" + query)
    case("GET", "/secure/rate")
    case("GET", "/secure/rate?to=1", LOGIN, rate=[400, 'Error "No route found"'])
    case("GET", "/secure/rate?to=1", LOGIN, rate=[200, "no braces"])


def ask_send():
    for body in BODIES:
        case("POST", "/secure/send", LOGIN, body)
    case("POST", "/secure/send?to=9", LOGIN, {"content": "x"})
    case("POST", "/secure/send", [*LOGIN, ("Content-Type", "text/plain")], M)
    for status, text in SEND_ANSWERS:
        case("POST", "/secure/send", LOGIN, M, send=[status, text])


def ask_sendbatch():
    for body in BATCHES:
        case("POST", "/secure/sendbatch", LOGIN, body)
    for at in TIMES:
        body = {"messages": [M], "batch_config": {"schedule_at": at}}
        case("POST", "/secure/sendbatch", LOGIN, body)
    body = {"messages": [], "batch_config": {"schedule_at": "10s"}}
    case("POST", "/secure/sendbatch", LOGIN, body)
    body = {"messages": [M]}
    failure = [403, "Authentication failure for username:full"]
    case("POST", "/secure/sendbatch", LOGIN, body, balance=failure)
    case("POST", "/secure/sendbatch", LOGIN, b"{", balance=[400, "x"])
    other = [("Authorization", "Basic " + b64("ué:x"))]
    case("POST", "/secure/sendbatch", other, body, balance=[403, "x"])


def work():
    login = {"username": "u", "password": "p"}
    messages = (
        {**M, **login},
        {"to": 5, "content": "€", **login},
        {"to": None, "content": "x"},
        {"to": ["1", "2"], "content": "x"},
        {**M, "custom_tlvs": []},
    )
    outcomes = (
        [200, SUCCESS],
        [412, 'Error "No route found"'],
        [403, 'Error "User throughput exceeded"'],
        [520, ""],
    )
    configs = (
        {"callback_url": "http://h/c?a=b", "errback_url": "http://h/e"},
        {},
        {"callback_url": ""},
    )
    for params, answer, config in itertools.product(messages, outcomes, configs):
        called.clear()
        asked.clear()
        script["send"] = answer
        tasks.httpapi_send.run("B", config, dict(params), {"throughput": 0, "smart_qos": False})
        row = {"params": params, "config": config, "asked": asked[:], "called": called[:]}
        worker.append(row)


def call_back(callback):
    urls = ("http://h/c", "http://h/c?a=b", "http://h", "http://u:p@h:8/x y?q=€#f")
    recipients = ("1", 5, None, ["1", "2"], "+1 €", {"a": 1})
    texts = ((1, 'Success "7c9f0f4e"'), (0, 'HTTPAPI error: Error "No route found'))
    found = []

    def get(url, params):
        found.append(requests.Request("GET", url, params=params).prepare().url)

    tasks.requests.get = get
    for url, to, (status, text) in itertools.product(urls, recipients, texts):
        callback.run(url, "B", to, status, text)
        row = {"url": url, "to": to, "status": status, "text": text, "request": found.pop()}
        callbacks.append(row)


def main():
    backend = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    uri = f"http://127.0.0.1:{backend.server_port}"
    for module in (resources, tasks):
        module.RestAPIForJasminConfigInstance.http_api_uri = uri
    resources.httpapi_send = Celery()
    callback, tasks.batch_callback = tasks.batch_callback, Callback()
    logging.getLogger("jasmin-restapi").addHandler(Lines())
    ask_who_and_what()
    ask_balance_and_rate()
    ask_send()
    ask_sendbatch()
    work()
    call_back(callback)
    everything = {"answers": answers, "worker": worker, "callbacks": callbacks}
    json.dump(everything, sys.stdout, indent=0, ensure_ascii=True)


if __name__ == "__main__":
    main()

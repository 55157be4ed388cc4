"""Prometheus scrapes pages with correct, wrong and missing Content-Types directly and through postern: text
and OpenMetrics, with timestamps in milliseconds and in seconds, damaged, or in another format. It stores the
same series with the same values and times, or both scrapes fail. A page that Prometheus refuses is `format`
with the line. DIFFERENCES has the reasons of intended differences."""

import gzip
import pathlib
import time

import harness
from harness import Reply, check, wait_for

HANDED = pathlib.Path(__file__).parents[1] / "data" / "responses"

TYPES = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "spoiled": "application/openmetrics-text; version",  # Prometheus cannot read it
    "none": None,
}

# Each is served with each type. Series whose name begins with `stamped` have timestamps of the page: MS is a
# minute ago in milliseconds, S in seconds, SF in seconds with a fraction.
BODIES = {
    "text": '# made by hand\n\n# HELP a_total A "few".\n# TYPE a_total counter\na_total{b="c"} 1.50\n'
            '# TYPE depth untyped\ndepth\t3 \n',
    "milliseconds": '# TYPE stamped gauge\nstamped{b="1"} 1 MS\nstamped{b="2"} 2.5 MS\nother 3\n',
    "milliseconds_end": "# TYPE stamped gauge\nstamped 1 MS\n# EOF\n",
    "milliseconds_info": '# TYPE stamped info\nstamped_info{v="1"} 1 MS\nstamped_total 1 MS\n# EOF\n',
    "milliseconds_untyped": "# TYPE stamped untyped\nstamped 1 MS\n\nstamped_total 2 MS\n",
    "openmetrics": "# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total 5\n# TYPE d_bytes gauge\n"
                   "# UNIT d_bytes bytes\nd_bytes 1e3\n# EOF\n",
    "seconds": "# TYPE stamped gauge\nstamped 1 S\n# EOF\n",
    "fraction": "# TYPE stamped counter\nstamped_total 1 SF\nother 2\n# EOF\n",
    "exemplar": '# TYPE jobs counter\njobs_total 5 # {trace_id="x"} 1\n# EOF\n',
    "seconds_blank_line": "# TYPE stamped gauge\nstamped 1 S\n\nstamped_b 2 S\n# EOF\n",
    "seconds_two_ends": "# TYPE stamped gauge\nstamped 1 S\n# EOF\n# EOF\n",
    "seconds_comment": "# made by hand\nstamped 1 S\n# EOF\n",
    "seconds_untyped": "# TYPE stamped untyped\nstamped 1 S\n# EOF\n",
    "seconds_unknown": "# TYPE stamped unknown\nstamped 1 S\n# EOF\n",
    "seconds_no_end": "# TYPE stamped gauge\nstamped 1 S\n",
}

# A body and its headers, served as they are.
ODD = {
    "gzip_named": (gzip.compress(b"a 1\n"), TYPES["text"], "gzip"),
    "gzip_twice": (gzip.compress(gzip.compress(b"a 1\n")), TYPES["text"], "gzip"),
    "gzip_unnamed_openmetrics": (gzip.compress(b"a 1\n# EOF\n"), TYPES["openmetrics"], ""),
    "utf16": ("a 1\n".encode("utf-16"), TYPES["text"], ""),
    "page_of_people": ("<html><h1>Log in</h1></html>\n", TYPES["html"], ""),
    "json_as_text": ('{"metrics":{"a":{"data":[{"value":1}]}}}', TYPES["text"], ""),
    "text_as_protobuf": ("a 1\n", "application/vnd.google.protobuf", ""),
    "empty_name": ('{"",x="1"} 1\n', TYPES["text"], ""),
    "name_twice": ('a{__name__="b"} 1\n', TYPES["text"], ""),
    "name_twice_openmetrics": ('a{__name__="b"} 1\n# EOF\n', TYPES["openmetrics"], ""),
    "label_twice": ('a{b="1",b="2"} 1\n', TYPES["text"], ""),
    "json": ('{"metrics":{"a":{"data":[{"value":1}]}}}', "application/json", ""),
    "quoted_name": ('{"a.b"} 1\n', TYPES["text"], ""),
    "no_sample": ("# TYPE a gauge\n", TYPES["text"], ""),
}

DIFFERENCES = {  # page: `up` of the direct scrape, and through postern
    "json": (0, 1),         # WhatsApp's JSON is converted to a page: Prometheus cannot parse it
    "quoted_name": (0, 1),  # Prometheus 2.42 does not support names in quotes; Prometheus 3 does
    "no_sample": (1, 0),    # a page without a sample is the fault `empty`
}

WITHOUT_END = ("milliseconds_as_openmetrics", "seconds_no_end_as_openmetrics")  # OpenMetrics, no `# EOF`


def pages(now: int) -> dict[str, Reply]:
    """All pages by name; the text is the same at each scrape."""
    def stamped(body: str) -> str:
        return (body.replace("SF", f"{now}.123").replace("MS", f"{now}123").replace(" S\n", f" {now}\n"))

    def reply(body, content_type, encoding="") -> Reply:
        headers = (("Content-Type", content_type),) if content_type else ()
        return Reply(200, body, headers + ((("Content-Encoding", encoding),) if encoding else ()))

    found = {f"{body}_as_{name}": reply(stamped(BODIES[body]), content_type)
             for body in BODIES for name, content_type in TYPES.items()}
    found |= {name: reply(*odd) for name, odd in ODD.items()}
    for file in sorted(HANDED.glob("*.http")):
        head, body = file.read_bytes().replace(b"1764430000", str(now).encode()).split(b"\r\n\r\n", 1)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        found[file.stem] = reply(body, fields.get("Content-Type"))
    return found


def stored(prometheus, job: str, page: str) -> dict:
    """Each series without the labels of its path: its samples with their times, or only values if the time is
    that of the scrape."""
    found = {}
    for entry in prometheus.query(f'{{job="{job}",page="{page}"}}[10m]'):
        labels = {name: value for name, value in entry["metric"].items() if name not in ("job", "instance")}
        name = labels["__name__"]
        if name == "up" or name.startswith("scrape_"):
            continue
        samples = [tuple(sample) for sample in entry["values"]]
        has_times = name.startswith("stamped") or page in ("no_type_eof_milliseconds",)
        found[tuple(sorted(labels.items()))] = samples if has_times else sorted({v for _, v in samples})
    return found


def scenario(stage):
    now = int(time.time()) - 60
    served = pages(now)
    check(len(served) >= 60, f"all pages exist: {len(served)}")
    service = stage.https(stage.authority.issue("metrics.internal"),
                          lambda request: served[request.path.removeprefix("/")])
    ca = stage.authority.certificate
    postern = stage.postern(config="targets:\n" + "".join(
        f"  - name: {page}\n    url: {service.url}\n    pages: [{{ path: /{page} }}]\n"
        f"    tls_config: {{ ca_file: {ca}, server_name: metrics.internal }}\n" for page in served))

    def targets(job, address, path):
        return f"- job_name: {job}\n  scrape_interval: 10s\n  static_configs:\n" + "".join(
            f"  - {{ targets: ['{address}'], labels: {{ page: {page}, __metrics_path__: {path}/{page} }} }}\n"
            for page in served)
    prometheus = stage.prometheus(
        targets("direct", f"127.0.0.1:{service.port}", "") + "  scheme: https\n"
        f"  tls_config: {{ ca_file: {ca}, server_name: metrics.internal }}\n"
        + targets("postern", f"127.0.0.1:{postern.port}", "/metrics"))

    def ups():
        return {(entry["metric"]["job"], entry["metric"]["page"]): int(entry["value"][1])
                for entry in prometheus.query("up")}
    wait_for(lambda: len(ups()) == 2 * len(served), "each page is scraped directly and through postern", 120)
    up = ups()

    taken = 0
    for page in served:
        verdicts = (up["direct", page], up["postern", page])
        if page in DIFFERENCES:
            check(verdicts == DIFFERENCES[page], f"{page}: differs on purpose, direct and through: {verdicts}")
            continue
        answer = postern.get(f"/metrics/{page}")
        check(verdicts[0] == verdicts[1], f"{page}: direct and through: {verdicts}, {answer.body}")
        direct, through = stored(prometheus, "direct", page), stored(prometheus, "postern", page)
        check(direct == through, f"{page}: direct {direct}, through {through}")
        taken += verdicts[0]
        if verdicts[0] == 0:
            check(direct == {}, f"{page}: no sample of it is stored: {direct}")
            fault = "truncated" if page in WITHOUT_END else "format"
            check(answer.status == 502 and answer.body.startswith(fault + ":") and "line " in answer.body,
                  f"{page}: {answer.status} {answer.body}")
    for page, times in (("milliseconds_as_text", now + 0.123), ("fraction_as_openmetrics", now + 0.123),
                        ("seconds_as_openmetrics", now), ("milliseconds_end_as_html", now + 0.123),
                        ("no_type_eof_milliseconds", now)):
        samples = [series[0] for series in stored(prometheus, "postern", page).values() if len(series[0]) == 2]
        check(samples and samples[0][0] == times, f"{page}: has the time of the page, {times}: {samples}")
    print(f"{taken} of {len(served)} pages are accepted")


harness.run(scenario)

# An HTTP Archive (HAR 1.2) of the records of wget --json or --json-pairs:
#
#     jq -nf docs/har.jq headers.ndjson > headers.har
#
# An entry for each answer, those that redirected too. A failure is an entry with
# status 0 and _error, as browsers write it. What a record does not say is -1.

def fields: if .fields then .fields else [(.headers // {}) | to_entries[] | {name: .key, value: .value[]}] end;

def milliseconds: if . == null or . < 0 then -1 else (. * 1e6 | round) / 1000 end;

# Seconds are moments; timings are what passed between two of them.
def timings:
  (.connect // .dns // 0) as $connected
  | {
      blocked: -1,
      dns: (.dns | milliseconds),
      connect: (if .connect then (.tls // .connect) - (.dns // 0) else null end | milliseconds),
      ssl: (if .tls then .tls - $connected else null end | milliseconds),
      send: 0,
      wait: ((.first_byte // .total) - (.tls // $connected) | milliseconds),
      receive: (if .first_byte then .total - .first_byte else 0 end | milliseconds)
    };

def value($name): first(fields[] | select(.name | ascii_downcase == $name) | .value) // "";

def entry($at):
  {
    startedDateTime: $at,
    time: (.seconds.total | milliseconds),
    request: {
      method: "GET", url: .url, httpVersion: (.proto // "HTTP/1.1"), cookies: [], headers: [], queryString: [],
      headersSize: -1, bodySize: 0
    },
    response: {
      status: (.status // 0), statusText: (.reason // ""), httpVersion: (.proto // ""), cookies: [], headers: fields,
      content: {size: 0, mimeType: (value("content-type"))}, redirectURL: (value("location")),
      headersSize: (.bytes // -1), bodySize: -1
    },
    cache: {},
    timings: (.seconds | timings)
  }
  + (if .addr then {serverIPAddress: (.addr | sub(":[0-9]+$"; "") | ltrimstr("[") | rtrimstr("]"))} else {} end)
  + (if .error then {_error: "\(.error.stage): \(.error.message)"} else {} end);

{
  log: {
    version: "1.2",
    creator: {name: "wget", version: ""},
    entries: [
      inputs | select(.url) | .time as $time | (.hops // [])[] , (. | del(.hops)) | entry($time // .time)
    ]
  }
}

# HAProxy in front, as in production: it parses every answer by its own strict rules, keeps and shares
# connections to the server, and counts whatever it did not like. Nothing is tried again (retries 0),
# so nothing is hidden.
needs="haproxy ab wrk"

front() { # PATH: its address at HAProxy
    echo "http://127.0.0.1:$(cat front.port)$1"
}
# Four checks in a row: a status, the content, a field, and a 304.
conf_of_haproxy() { # PORT STATISTICS' PORT
    cat <<END
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout check 5s
    retries 0
    http-reuse always
frontend front
    bind 127.0.0.1:$1
    maxconn 1000
    default_backend origin
backend origin
    option httpchk
    http-check connect proto h1
    http-check send meth OPTIONS uri /lines.txt ver HTTP/1.1 hdr Host check.test
    http-check expect status 204
    http-check connect proto h1
    http-check send meth GET uri /health ver HTTP/1.1 hdr Host check.test
    http-check expect string "in good health"
    http-check connect proto h1
    http-check send meth HEAD uri /lines.txt ver HTTP/1.1 hdr Host check.test
    http-check expect hdr name "content-length" value "1200000"
    http-check connect proto h1
    http-check send meth GET uri /lines.txt ver HTTP/1.1 hdr Host check.test hdr If-None-Match *
    http-check expect status 304
    server skiff 127.0.0.1:$port check inter 100ms fall 1 rise 1 pool-max-conn 100
listen statistics
    bind 127.0.0.1:$2
    stats enable
    stats uri /
END
}
figure() { # COLUMN: of the server, in HAProxy's statistics
    curl -s "http://127.0.0.1:$(cat statistics.port)/;csv" | awk -F, -v wanted="$1" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
        $1 == "origin" && $2 == "skiff" { print $column[wanted] }'
}
is_figure() { # NUMBER COLUMN...
    number=$1
    shift
    for column in "$@"; do
        is "HAProxy's count of $column" "$(figure "$column")" "$number"
    done
}
checked() { # NUMBER: checks that were passed, as far as HAProxy says: one that is over and well
    [ "$(requests '"method":"HEAD","host":"check.test"')" -ge "$1" ] &&
        [ "$(figure check_status)" = L7OK ]
}
load() { # AB'S ARGUMENTS: all answers must be complete; others than 2xx are counted in $others
    ab -q -r -n 3000 -c 30 "$@" >said.ab 2>&1 || fail "$(tail -n 2 said.ab)"
    has said.ab 'Complete requests:      3000'
    has said.ab 'Failed requests:        0'
    others=$(sed -n 's/^Non-2xx responses: *//p' said.ab)
}

haproxy_checks_the_server() {
    for try in 1 2 3 4 5; do
        free_port >front.port
        free_port >statistics.port
        conf_of_haproxy "$(cat front.port)" "$(cat statistics.port)" >haproxy.conf
        start said.haproxy haproxy -db -f haproxy.conf
        ! answers "$(front /health)" || break
    done
    answers "$(front /health)" || fail "$(cat said.haproxy)"
    await 'twenty checks' checked 20
    is status "$(figure status)" UP
    is_figure 0 chkfail chkdown
}
haproxy_carries_plain_requests() {
    load "$(front /style.css)"
    load -k "$(front /style.css)"
    is 'others than 2xx' "$others" ''
}
haproxy_carries_heads() {
    load -k -i "$(front /lines.txt)"
}
haproxy_carries_large_answers() {
    ab -q -r -n 100 -c 10 "$(front /big.bin)" >said.ab 2>&1
    has said.ab 'Complete requests:      100'
    has said.ab 'Failed requests:        0'
}
haproxy_carries_ranges() {
    load -k -H 'Range: bytes=100-5000' "$(front /lines.txt)"
    load -k -H 'Range: bytes=0-9,100-109' "$(front /lines.txt)"
    is 'others than 2xx' "$others" ''
}
haproxy_carries_codings() {
    load -k -H 'Accept-Encoding: zstd' "$(front /words.txt)"
}
haproxy_carries_304() {
    load -k -H 'If-None-Match: *' "$(front /style.css)"
    is 'others than 2xx' "$others" 3000
}
haproxy_carries_errors() {
    load -k "$(front /none)"
    is 'others than 2xx' "$others" 3000
}
haproxy_carries_listings() {
    load -k -H 'Accept: text/html' "$(front /listed/)"
}
haproxy_carries_uploads() {
    head -c 10000 www/lines.txt >body
    load -k -p body -T text/plain "$(front /health)"
    head -c 100000 www/lines.txt >body
    load -p body -T text/plain "$(front /health)"
    is 'others than 2xx' "$others" 3000
}
haproxy_has_nothing_to_complain() {
    is_figure 0 hrsp_5xx econ eresp wretr wredis cli_abrt srv_abrt chkfail chkdown
    [ "$(figure hrsp_2xx)" -ge 20000 ] || fail "only $(figure hrsp_2xx) were 2xx"
    [ "$(figure reuse)" -ge 10000 ] || fail "only $(figure reuse) connections were used again"
}
haproxy_carries_pipelines() {
    cat >pipeline.lua <<END
init = function()
    local paths = { "/style.css", "/lines.txt", "/none", "/listed/", "/picture.svg", "/health" }
    local requests = {}
    for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path) end
    pipeline = table.concat(requests)
end
request = function() return pipeline end
done = function(summary)
    local e = summary.errors
    print(string.format("broken: %d", e.connect + e.read + e.write + e.timeout))
    print(string.format("answers: %d", summary.requests))
end
END
    wrk -t 1 -c 20 -d 2s -s pipeline.lua "$(front /)" >said.wrk 2>&1
    has said.wrk 'broken: 0'
    [ "$(sed -n 's/^answers: //p' said.wrk)" -ge 1000 ] || fail "$(cat said.wrk)"
    is_figure 0 hrsp_5xx econ eresp wretr wredis srv_abrt chkfail chkdown
}
reloaded() { # TIMES
    [ "$(grep -c 'reload: done' skiff.out)" -ge "$1" ]
}
haproxy_notices_no_reload() {
    start said.wrk wrk -t 1 -c 20 -d 8s "$(front /style.css)"
    for i in 1 2 3; do
        kill -HUP "$master"
        await 'a reload' reloaded $i
        sleep 2
    done
    await 'the end of the load' grep -q 'requests in' said.wrk
    ! grep 'Socket errors' said.wrk >&2 || exit 1
    is_figure 0 hrsp_5xx econ eresp wretr wredis srv_abrt chkfail chkdown
}

# curl: every kind of request a script makes.
needs="curl"

get() { # CURL'S ARGUMENTS
    curl -sS --max-time 30 "$@"
}
told() { # FORMAT, CURL'S ARGUMENTS: what curl knows of the answer; the content is in ./got
    format=$1
    shift
    get -o got -D head -w "$format" "$@"
}

curl_a_file() {
    is status "$(told '%{http_code} %{content_type}' "$url/lines.txt")" \
        '200 text/plain; charset=utf-8'
    same got www/lines.txt
}
curl_a_large_file() {
    is status "$(told '%{http_code} %{size_download}' "$url/big.bin")" '200 25165824'
    same got www/big.bin
}
curl_an_empty_file() {
    is status "$(told '%{http_code} %{size_download}' "$url/empty.txt")" '200 0'
}
curl_head() {
    get -I "$url/lines.txt" >head
    has head 'Content-Length: 1200000'
    has head 'ETag: "'
    has head 'Last-Modified: '
    has head 'Accept-Ranges: bytes'
    get -i "$url/lines.txt" | sed '/^.$/q' | grep -v '^Date:' >other
    grep -v '^Date:' head >mine
    same mine other
}
curl_one_range() {
    is status "$(told '%{http_code}' -r 1200-1223 "$url/lines.txt")" 206
    printf 'line 000101\nline 000102\n' >wanted
    same got wanted
    has head 'Content-Range: bytes 1200-1223/1200000'
}
curl_suffix_and_open_ranges() {
    for range in -24 1199976-; do
        is status "$(told '%{http_code}' -r $range "$url/lines.txt")" 206
        printf 'line 099999\nline 100000\n' >wanted
        same got wanted
    done
}
curl_several_ranges() {
    is status "$(told '%{http_code}' -r 0-11,1188-1199,-12 "$url/lines.txt")" 206
    has head 'Content-Type: multipart/byteranges; boundary='
    is 'the sum of the parts' "$(grep -a '^line' got | tr '\n' ' ')" \
        'line 000001 line 000100 line 100000 '
    is parts "$(grep -ac '^Content-Range: bytes [0-9]*-[0-9]*/1200000' got)" 3
    boundary=$(sed -n 's/^Content-Type: .*boundary=\([^\r]*\).*/\1/p' head | tr -d '"\r')
    is 'the last line' "$(tail -n 1 got | tr -d '\r')" "--$boundary--"
}
curl_a_range_beyond_the_end() {
    is status "$(told '%{http_code}' -r 1200000- "$url/lines.txt")" 416
    has head 'Content-Range: bytes */1200000'
}
curl_resumes() {
    head -c 500000 www/lines.txt >part
    get -C - -o part "$url/lines.txt"
    same part www/lines.txt
}
curl_each_coding() {
    for coding in br zstd gzip; do
        is status "$(told '%{http_code}' --compressed -H "Accept-Encoding: $coding" \
            "$url/words.txt")" 200
        has head "Content-Encoding: $coding"
        has head 'Vary: Accept-Encoding'
        same got www/words.txt
    done
}
curl_compressed_prefers_the_first() {
    told '' --compressed "$url/words.txt"
    has head 'Content-Encoding: br'
    same got www/words.txt
}
curl_no_coding_unasked() {
    told '' "$url/words.txt"
    ! grep -i '^content-encoding' head >&2 || exit 1
    has head 'Vary: Accept-Encoding'
    same got www/words.txt
}
curl_if_none_match() {
    for coding in identity gzip; do
        get -o first -H "Accept-Encoding: $coding" --etag-save etag "$url/words.txt"
        is status "$(told '%{http_code} %{size_download}' -H "Accept-Encoding: $coding" \
            --etag-compare etag "$url/words.txt")" '304 0'
        has head 'ETag: "'
        has head 'Vary: Accept-Encoding'
    done
    is 'status of another' "$(told '%{http_code}' --etag-compare etag "$url/lines.txt")" 200
}
curl_if_modified_since() {
    is status "$(told '%{http_code}' -z www/lines.txt "$url/lines.txt")" 304
    is status "$(told '%{http_code}' -z '1 Jan 2001' "$url/lines.txt")" 200
}
curl_if_range() {
    etag=$(get -I "$url/lines.txt" | sed -n 's/^ETag: //p' | tr -d '\r')
    is status "$(told '%{http_code}' -r 0-9 -H "If-Range: $etag" "$url/lines.txt")" 206
    is status "$(told '%{http_code}' -r 0-9 -H 'If-Range: "old"' "$url/lines.txt")" 200
    same got www/lines.txt
}
curl_options() {
    is status "$(told '%{http_code}' -X OPTIONS "$url/lines.txt")" 204
    has head 'Allow: GET, HEAD, OPTIONS'
    is status "$(told '%{http_code}' -X OPTIONS --request-target '*' "$url")" 204
}
curl_upload_is_refused_before_it_is_sent() {
    head -c 10000 www/lines.txt >body
    is status "$(told '%{http_code} %{size_upload}' -H 'Expect: 100-continue' -T body \
        "$url/lines.txt")" '405 0'
    has head 'Allow: GET, HEAD, OPTIONS'
    is 'status of a large one' "$(told '%{http_code} %{size_upload}' -T www/big.bin \
        "$url/lines.txt")" '413 0'
}
curl_upload_is_refused_while_it_is_sent() {
    is status "$(told '%{http_code}' -H Expect: -T www/big.bin "$url/lines.txt")" 413
}
curl_upload_is_read_after_100() {
    head -c 10000 www/lines.txt >body
    is status "$(told '%{http_code} %{size_upload}' -H 'Expect: 100-continue' \
        --data-binary @body "$url/health")" '200 10000'
    has head 'HTTP/1.1 100 Continue'
    has got 'in good health'
}
curl_chunked_upload() {
    is status "$(head -c 10000 www/lines.txt | told '%{http_code}' -X POST -T - "$url/health")" 200
    has got 'in good health'
}
curl_one_connection() {
    is connections "$(get -o got -o got -o got -w '%{num_connects} ' "$url/lines.txt" \
        "$url/none" "$url/health")" '1 0 0 '
}
curl_in_parallel() {
    get -Z --parallel-max 20 -o 'many.#1' "$url/lines.txt?[1-100]"
    for i in $(seq 100); do
        same many.$i www/lines.txt
    done
    rm many.*
}
curl_http_1_0() {
    is status "$(told '%{http_code}' -0 "$url/lines.txt")" 200
    same got www/lines.txt
    has head 'Connection: close'
    is connections "$(get -0 -H 'Connection: keep-alive' -o got -o got -w '%{num_connects} ' \
        "$url/lines.txt" "$url/lines.txt")" '1 0 '
    is status "$(told '%{http_code}' -0 "$url/listed/")" 200
    has got '<td'
}
curl_http_2() {
    is 'an upgrade' "$(told '%{http_code} %{http_version}' --http2 "$url/health")" '200 1.1'
    code=0
    get -o got --http2-prior-knowledge "$url/health" || code=$?
    [ $code -ne 0 ] && [ $code -ne 28 ] || fail "prior knowledge ends with code $code"
}
curl_through_a_proxy() {
    is status "$(told '%{http_code}' --noproxy '' -x "$url" 'http://elsewhere.test/lines.txt')" 200
    same got www/lines.txt
    is 'a tunnel' "$(told '%{http_connect}' --noproxy '' -p -x "$url" 'http://a.test/' 2>&- || :)" 405
}
curl_over_a_unix_socket() {
    is status "$(told '%{http_code}' --unix-socket skiff.sock http://any.test/lines.txt)" 200
    same got www/lines.txt
}
curl_follows_redirects() {
    is place "$(told '%{http_code} %{url_effective}' -L "$url/old/part?q=1")" \
        "200 $url/tree/part/?q=1"
    same got www/tree/part/index.html
}
curl_leaves_the_root_nowhere() {
    for path in /../etc/passwd /tree/../../etc/passwd /%2e%2e/etc/passwd; do
        is "status of $path" "$(told '%{http_code}' --path-as-is "$url$path")" 400
    done
}
curl_an_error_page() {
    is status "$(told '%{http_code}' "$url/none")" 404
    has got 'there is no such page'
    ! grep -i '^cache-control' head >&2 || exit 1
}
curl_fallback() {
    is status "$(told '%{http_code}' -H 'Accept: text/html' "$url/app/some/place")" 200
    same got www/app/index.html
    is status "$(told '%{http_code}' -H 'Accept: text/html' "$url/app/gone.js")" 404
    is status "$(told '%{http_code}' "$url/app/some/place")" 404
}
curl_a_listing() {
    get -H 'Accept: application/json' "$url/listed/" | tr '{' '\n' |
        sed -n 's/.*"href": *"\([^"]*\)".*/\1/p' >links
    is links "$(wc -l <links)" "$(ls www/listed | wc -l)"
    while read -r link; do
        is "status of $link" "$(told '%{http_code}' -L "$url/listed/$link" \
            -H 'Accept: text/html')" 200
    done <links
}

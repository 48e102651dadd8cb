# The site that all clients visit: a page for browsers, files large enough to be cut and split, a
# file with precompressed siblings, a tree to be copied whole, and names that need care in a link.

skiff_conf() {
    cat <<END
version: 1
process: {workers: 2}
listen: ["127.0.0.1:$port", {address: "unix:$work/skiff.sock", mode: 0666}]
log: {access: {to: $work/access.log, format: json, buffer: {flush: 10ms}}}
files: {precompressed: [br, zst, gz], cache_control: no-cache}
vhosts:
  - root: $work/www
    error_pages: {404: /404.html}
    headers: {X-Content-Type-Options: nosniff}
    routes:
      - match: {path: /health}
        respond: {status: 200, body: "in good health\n"}
      - match: {prefix: /report}
        respond: {status: 204}
      - match: {prefix: /old}
        redirect: "/tree/{rest}"
      - match: {prefix: /app}
        fallback: /app/index.html
      - match: {prefix: /listed}
        listing: {format: [html, json]}
END
}
wav_head() { # BYTES of sound that follow: 16 bits, two channels, 48 kHz
    little() { # VALUE: 32 bits, the lowest first
        printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) \
            $(($1 >> 16 & 255)) $(($1 >> 24)))"
    }
    printf RIFF && little $(($1 + 36)) && printf 'WAVEfmt ' && little 16
    printf '\001\000\002\000' && little 48000 && little 192000 && printf '\004\000\020\000data'
    little "$1"
}
# The br sibling is written out, because its program is less common than the clients that read it.
make_siblings() { # FILE: of the line below, a thousand times
    yes 'skiff carries what it is given' | head -n 1000 >"$1"
    gzip -kn "$1" && zstd -q "$1" || return
    echo 'Gxd5+I3UTndzJkS5NkfXCiBmaVqQVsB5TLughT4ZMVeLWN+RfxYOAAA=' | base64 -d >"$1.br"
}
make_tree() { # FOLDER
    mkdir -p "$1/a folder/deep"
    echo spaces >"$1/a folder/with spaces.txt"
    echo deep >"$1/a folder/deep/one.txt"
    echo percent >"$1/100%25.txt"
    echo hash >"$1/c#.txt"
    echo question >"$1/what?.txt"
    echo quotes >"$1/\"it's\" <b> & so on.txt"
    echo letters >"$1/über.txt"
    echo colon >"$1/a:b.txt"
    echo plus >"$1/1+1;x=2.txt"
}
make_site() {
    www=$work/www
    mkdir -p "$www/app" && cp "$here"/page/* "$www" && mv "$www/app.html" "$www/app/index.html"
    echo 'there is no such page here' >"$www/404.html"
    seq -f 'line %06.0f' 100000 >"$www/lines.txt" # 12 bytes each
    : >"$www/empty.txt"
    head -c 25165824 /dev/urandom >"$www/big.bin"
    { wav_head 57600000 && head -c 57600000 /dev/zero; } >"$www/sound.wav" # five minutes
    make_siblings "$www/words.txt"
    make_tree "$www/listed"
    mkdir -p "$www/tree/part"
    echo '<link rel=stylesheet href=look.css><a href="part/">part</a> <a href=more.html>more</a>' \
        >"$www/tree/index.html"
    echo '<a href=./>back</a> <img src=/tree/part/dot.svg>' >"$www/tree/more.html"
    echo '<a href="../more.html">up</a> <img src=dot.svg>' >"$www/tree/part/index.html"
    echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >"$www/tree/part/dot.svg"
    echo 'body { color: red }' >"$www/tree/look.css"
    find "$www" -exec touch -hd '1 hour ago' {} + # a young file's ETag is weak
}

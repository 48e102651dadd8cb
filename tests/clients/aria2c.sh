# aria2c: eight connections, each with ranges of its own, one file at the end.
needs="aria2c sha256sum"

download() { # ARIA2C'S ARGUMENTS
    aria2c --no-conf --console-log-level=warn --summary-interval=0 --max-tries=1 --timeout=30 \
        --file-allocation=none -k 1M "$@" >said.aria2c 2>&1 || fail "$(tail -n 3 said.aria2c)"
}

aria2c_splits() {
    rm -rf split
    sum=$(sha256sum <www/big.bin)
    download -x 8 -s 8 -d split --checksum="sha-256=${sum%% *}" "$url/big.bin"
    same split/big.bin www/big.bin
    requested 1 '"path":"/big.bin".*"status":200.*aria2' # cut off when the size is known
    requested 7 '"path":"/big.bin".*"status":206.*aria2'
}
aria2c_splits_what_is_listed() {
    rm -rf split
    echo "$url/big.bin" >list
    echo "$url/lines.txt" >>list
    echo "$url/sound.wav" >>list
    download -x 8 -s 8 -j 3 -d split -i list
    for file in big.bin lines.txt sound.wav; do
        same split/$file www/$file
    done
}
aria2c_resumes() {
    rm -rf split
    start said.aria2c aria2c --no-conf -q -x 4 -s 4 -k 1M --max-overall-download-limit=2M \
        --file-allocation=none --auto-save-interval=1 -d split "$url/big.bin"
    await 'a control file' test -s split/big.bin.aria2
    end $started
    [ -e split/big.bin.aria2 ] || fail 'it was not cut'
    download -c -x 8 -s 8 -d split "$url/big.bin"
    same split/big.bin www/big.bin
}
aria2c_asks_for_what_is_newer() {
    download --conditional-get=true --allow-overwrite=true -d split "$url/big.bin"
    requested 1 '"path":"/big.bin".*"status":304.*aria2'
    same split/big.bin www/big.bin
}
aria2c_pipelines() {
    rm -rf split
    download --enable-http-pipelining=true -x 2 -s 8 -d split "$url/big.bin"
    same split/big.bin www/big.bin
}

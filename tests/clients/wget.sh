# wget: resumes what was cut, copies trees, and asks only for what is newer.
needs="wget"

fetch() { # WGET'S ARGUMENTS
    wget -nv --tries=1 --timeout=30 "$@" >said.wget 2>&1 || fail "code $?: $(grep -iB 2 error said.wget || tail -n 2 said.wget)"
}

wget_resumes_a_cut_download() {
    rm -rf cut && mkdir cut
    start said.wget wget -q -P cut --limit-rate=2m "$url/big.bin"
    await 'the first bytes' test -s cut/big.bin
    end $started
    [ "$(stat -c %s cut/big.bin)" -lt 25165824 ] || fail 'it was not cut'
    fetch -c -P cut "$url/big.bin"
    same cut/big.bin www/big.bin
    requested 1 '"path":"/big.bin".*"status":206.*Wget'
}
wget_resumes_nothing_that_is_whole() {
    fetch -c -P cut "$url/big.bin"
    same cut/big.bin www/big.bin
    requested 1 '"path":"/big.bin".*"status":416.*Wget'
}
wget_copies_a_site() {
    rm -rf copy
    fetch -r -l inf -nH -np -P copy "$url/tree/"
    diff -r copy/tree www/tree >&2 || exit 1
}
wget_copies_a_listing() {
    rm -rf copy
    # In the C locale wget decodes links twice, unless it is told to leave them alone, and names of
    # files always.
    fetch -r -l inf -nH -np -P copy --header='Accept: text/html' --no-iri \
        --restrict-file-names=nocontrol "$url/listed/"
    mv 'copy/listed/100%.txt' 'copy/listed/100%25.txt'
    find copy -name index.html -delete
    diff -r copy/listed www/listed >&2 || exit 1
}
wget_asks_for_what_is_newer() {
    rm -rf copy
    fetch -N -P copy "$url/lines.txt"
    fetch -N -P copy "$url/lines.txt"
    same copy/lines.txt www/lines.txt
    requested 1 '"path":"/lines.txt".*"status":200.*Wget'
    requested 1 '"path":"/lines.txt".*"status":304.*Wget'
    is time "$(stat -c %Y copy/lines.txt)" "$(stat -c %Y www/lines.txt)"
}
wget_looks_without_loading() {
    fetch --spider "$url/big.bin"
    code=0
    wget -q --spider "$url/none" || code=$?
    is 'the code for what is not there' $code 8
}
wget_unpacks() {
    fetch --compression=gzip -O unpacked "$url/words.txt"
    same unpacked www/words.txt
}

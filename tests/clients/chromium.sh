# Chromium without a window: opens the page, which looks at itself, reloads, seeks in a film, and
# says so in requests (page/script.js). What it asked for is in the access log.
needs="chromium"

reported() { # WHAT
    [ "$(requests "\"path\":\"/report/$1\"")" -eq 1 ] ||
        fail "$(sed -n 's|.*"path":"/report/wrong?\([^"]*\)".*|\1|p' access.log | head -n 1)"
}

chromium_shows_the_page() {
    rm -rf profile
    start browser.log chromium --headless --no-sandbox --disable-gpu --no-first-run \
        --disable-dev-shm-usage --disable-background-networking --mute-audio \
        --enable-logging=stderr --remote-debugging-port=0 --user-data-dir="$work/profile" \
        --autoplay-policy=no-user-gesture-required "$url/"
    await 'the end of the script' grep -q '"path":"/report/end"' access.log
    reported looks
}
chromium_reloads_with_304() {
    reported reloaded
    for path in / /style.css /more.css /picture.svg /points.gif /script.js; do
        requested 1 "\"path\":\"$path\".*\"status\":200.*Chrome"
        requested 1 "\"path\":\"$path\".*\"status\":304.*Chrome"
    done
}
chromium_takes_a_coding() {
    reported read_text
}
chromium_seeks_by_ranges() {
    reported seek
    requested 3 '"path":"/sound.wav".*"status":206.*Chrome'
}
chromium_falls_back() {
    reported fall_back
}
chromium_follows_the_links_of_a_listing() {
    reported follow_links
}
chromium_complains_of_nothing() {
    has browser.log 'the script has ended'
    ! grep CONSOLE browser.log | grep -v 'the script has ended' >&2 || exit 1
    is 'failed requests' "$(requests '"status":[45].*Chrome')" 0
}

# Memory, crowds of connections, starts. Read by tests/bench/run.
# shellcheck shell=sh disable=SC2154

idle() { # name, port, pids with the worker last
    # shellcheck disable=SC2046
    set -- "$1" $("$tools/idle" "$2" "$3" /1k.bin)
    awk -v name="$1" -v rest="$2" -v held="$3" -v bytes="$4" -v wr="$5" -v wi="$6" -v all="$7" \
        -v json="$work/idle.json" 'BEGIN {
            printf "  %-9s %7.2f %10.2f %10d %16.1f %10.1f %13.1f\n", name,
                rest / 1024, held / 1024, bytes, wr, wi, all
            printf "{\"name\":\"%s\",\"rest_kib\":%d,\"held_kib\":%d,\"connection_bytes\":%d,",
                name, rest, held, bytes >>json
            printf "\"worker_wakes_at_rest\":%s,\"worker_wakes\":%s,\"all_wakes\":%s}\n",
                wr, wi, all >>json
        }'
}
# The processes of a server that was started, the master first; one that works alone is named once.
family() { # pid, workers
    [ "$1" = "$2" ] && echo "$1" || echo "$1,$2"
}
measure_idle() {
    echo
    echo "idle keep-alive connections (growth from 1,000 to 9,000) and wake-ups a second"
    echo "                MiB with 9,000 bytes each   worker at rest with 9,000 all processes"
    for of in skiff nginx lighttpd h2o; do
        case $quick$of in 1[!s]*) continue ;; esac # it takes 12 s each
        [ $of = skiff ] || has $of || continue
        start $of plain ""
        idle $of "$started_port" "$(family "$started" "$worker")"
        end "$started"
    done
}

crowd() { # title, section, name, options and number of the crowd; the server was started
    title=$1 section=$2 name=$3
    shift 3
    # shellcheck disable=SC2046
    set -- $("$tools/crowd" "$@" "$started_port" "$crowd_path" "$(family "$started" "$worker")")
    awk -v title="$title" -v name="$name" -v a="$1" -v b="$2" -v c="$3" -v each="$4" -v held="$5" \
        -v p50="$6" -v longest="$7" -v json="$work/$section.json" 'BEGIN {
            printf "  %-24s %-9s %7.2f %8.2f %8.2f %8d %8d %8.2f %8.2f\n", title, name, a / 1024,
                b / 1024, c / 1024, each, held, p50, longest
            printf "{\"work\":\"%s\",\"name\":\"%s\",\"rest_kib\":%d,\"held_kib\":%d,", title,
                name, a, b >>json
            printf "\"after_kib\":%d,", c >>json
            printf "\"connection_bytes\":%d,\"held\":%d,\"fresh_ms\":%s,\"fresh_longest_ms\":%s}\n",
                each, held, p50, longest >>json
        }'
}
crowd_of() { # server, kind, title, path
    start $1 plain ""
    crowd_path=$4
    crowd "$3" crowds $1 -k $2 10000
    end "$started"
}
measure_crowds() {
    echo
    echo "crowds                     server        MiB     with    after     each     held  new, ms  longest"
    for of in skiff nginx; do # the others refuse so many, or wait
        [ $of = skiff ] || { [ -z "$quick" ] && has $of; } || continue
        crowd_of $of idle "10,000 idle" /1k.bin
        crowd_of $of reader "10,000 slow readers" /1024k.bin
        [ -z "$quick" ] || continue
        crowd_of $of pipeline "10,000 unread pipelines" /1024k.bin
        crowd_of $of head "10,000 slow heads" /1k.bin
        crowd_of $of body "10,000 slow bodies" /1k.bin
    done
    [ -n "$quick" ] || measure_half_a_million
}
measure_half_a_million() {
    free=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
    if [ "$descriptors" -lt 19000 ] || [ "$free" -lt 10 ]; then
        left_out "500,000 idle connections (19,000 descriptors a process and 10 GiB are needed)"
        return
    fi
    workers=30 most_connections=560000
    start skiff plain ""
    workers=1 most_connections=14900
    crowd_path=/1k.bin
    crowd "500,000 idle, 30 workers" crowds skiff 500000
    end "$started"
}

# --- starts ---------------------------------------------------------------------------------------

first() { # title, name, port, path, command...
    title=$1 name=$2
    shift 2
    # shellcheck disable=SC2046
    set -- $("$tools/first" "$starts" "$@")
    awk -v title="$title" -v name="$name" -v ms="$1" -v kib="$2" -v json="$work/starts.json" '
        BEGIN {printf "  %-22s %-9s %8.2f %9.2f\n", title, name, ms, kib / 1024
        printf "{\"work\":\"%s\",\"name\":\"%s\",\"ms\":%s,\"kib\":%d}\n",
            title, name, ms, kib >>json}'
}
skiff_vhosts() {
    awk 'BEGIN {for (i = 0; i < 10000; i++)
        printf "  - names: [site%d.example.org]\n    root: %s\n", i, "'"$work/www"'"}'
}
nginx_vhosts() {
    awk -v port="$1" 'BEGIN {for (i = 0; i < 10000; i++)
        printf "server { listen 127.0.0.1:%d; server_name site%d.example.org; root %s; }\n",
            port, i, "'"$work/www"'"}'
}
measure_starts() {
    echo
    echo "starts                 server          ms       MiB"
    starts=11
    for of in skiff nginx lighttpd h2o; do
        [ $of = skiff ] || has $of || continue
        port=$("$tools/ports" 1)
        "${of}_conf" "$port" plain "" >"$work/first.conf"
        # shellcheck disable=SC2046
        first "start to first answer" $of "$port" /1k.bin $(command_of $of "$work/first.conf")
    done
    port=$("$tools/ports" 1)
    first "start to first answer" floor "$port" /1k.bin "$tools/floor" "$work/www/1k.bin" "" "$port"
    measure_vhosts
    measure_sizes
}
measure_vhosts() {
    starts=3
    port=$("$tools/ports" 1)
    most_connections=4000 # each root may be held open too, below 20,000 descriptors
    { skiff_conf "$port" plain "" && skiff_vhosts; } >"$work/first.conf"
    most_connections=14900
    # shellcheck disable=SC2046
    first "10,000 vhosts" skiff "$port" /1k.bin $(command_of skiff "$work/first.conf")
    if has nginx; then
        {
            nginx_conf "$port" plain "" |
                sed '$d; s/ reuseport//; s/^http {/&server_names_hash_max_size 65536;/'
            nginx_vhosts "$port"
            echo '}'
        } >"$work/first.conf"
        # shellcheck disable=SC2046
        first "10,000 vhosts" nginx "$port" /1k.bin $(command_of nginx "$work/first.conf")
    fi
}
measure_sizes() {
    have size || { left_out "text and data (size is not installed)"; return; }
    for of in skiff nginx lighttpd; do
        binary=$skiff
        [ $of = skiff ] || binary=$(command -v $of) || continue
        size "$binary" | awk -v of=$of -v json="$work/sizes.json" 'NR == 2 {
            printf "  %-22s %-9s %8d KiB\n", "text and data", of, ($1 + $2) / 1024
            printf "{\"name\":\"%s\",\"text_and_data\":%d}\n", of, $1 + $2 >>json}'
    done
}

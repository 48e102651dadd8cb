# Tables of CPU a request, of latency at a fixed rate, and of throughput by wrk. Read by
# tests/bench/run.
# shellcheck shell=sh disable=SC2154

# A row's rounds are spread over the passes, for what a system call or a copy costs stays the same
# for seconds to minutes and then moves.
measure() { # title, subjects, file that the floor sends or "", load options and path
    title=$1 subjects=$2 file=$3
    shift 3
    [ "$pass" -le "$passes" ] || lacks_near "$title" || return 0
    if [ -n "$file" ]; then
        case " $* " in *" -x "*) close=close ;; *) close='' ;; esac
        start_floor "$file" "$close" taskset -c 0
        subjects="$subjects floor=$floor_port:$floor_pid"
    fi
    if [ ! -f "$work/rounds/$title" ]; then
        echo "$title" >>"$work/titles"
        echo $((passes * each / 2)) >"$work/near/$title"
    fi
    # shellcheck disable=SC2086
    "$tools/load" -u "$last" -o 0 -r "$each" -s "$length" "$@" $subjects >>"$work/rounds/$title"
    [ -z "$file" ] || end "$floor_pid"
}
# Fewer rounds, and longer ones.
measure_long() {
    each=$((rounds / 5 + 1)) length=$long
    measure "$@"
    each=$rounds length=$seconds
}
measure_load() {
    mkdir "$work/rounds" "$work/near"
    prepare_respond
    prepare_logs
    pass=0
    while goes_on; do
        pass=$((pass + 1))
        more=''
        [ "$pass" -le "$passes" ] || more=', for rounds with the processors near'
        echo "load: pass $pass of $passes$more" >&3
        measure_pass
    done
    [ -z "${haproxy_pid:-}" ] || end "$haproxy_pid"
    count_lines
    echo
    echo "CPU a request, keep-alive, 64 connections: medians; ratios with their quartiles"
    far=$(far_ns)
    [ "$far" -eq 0 ] ||
        echo "a line of memory goes to the other processor and back in $((far / 2)) ns;" \
            "$far and more are far apart"
    while read -r title; do
        "$tools/table" -b nginx -b floor -b plain -f "$far" -j "$work/load.json" "$title" \
            <"$work/rounds/$title"
    done <"$work/titles"
    echo "  of $asked lines of skiff's log $((asked - lines)) were lost"
}
# Twice what the processors were apart at best: the host has moved them to cores without a common
# cache. What a server hands to the load is dear then, as it is on a loopback alone.
far_ns() {
    awk '$9 > 0 && (!least || $9 < least) {least = $9} END {print 2 * least}' "$work"/rounds/*
}
# Whether fewer than half of the rounds that were planned for a row were near.
lacks_near() { # title
    awk -v far="$(far_ns)" -v enough="$(cat "$work/near/$1")" 'NR == 1 {first = $1}
        $1 == first {near += !far || $9 < far}
        END {exit near >= enough}' "$work/rounds/$1"
}
# Passes go on for the rows that lack some, up to twice as many.
goes_on() {
    [ "$pass" -ge "$passes" ] || return 0
    [ -z "$quick" ] && [ "$pass" -lt $((2 * passes)) ] || return 1
    while read -r title; do
        ! lacks_near "$title" || return 0
    done <"$work/titles"
    return 1
}
measure_pass() {
    each=$rounds length=$seconds
    measure "1 KiB file" "$all" 1k.bin /1k.bin
    measure "4 KiB file" "$main" 4k.bin /4k.bin
    measure "16 KiB file" "$main" 16k.bin /16k.bin
    measure "100 KiB file" "$main" 100k.bin /100k.bin
    measure "1 MiB file" "$main" 1024k.bin /1024k.bin
    measure_long "100 MiB file, 8 clients" "$main" 102400k.bin -c 8 /102400k.bin
    measure "404" "$main" "" /nothing
    measure "304" "$main" empty.bin -H "If-Modified-Since: $stamp|" /1k.bin
    measure "304 to a browser" "$main" empty.bin -H "${browser}If-Modified-Since: $stamp|" /1k.bin
    measure "Range of 1 KiB" "$main" "" -H "Range: bytes=1024-2047|" /100k.bin
    measure "10,000 files of 1 KiB at random" "$main" "" -l "$work/paths" /f/00000.bin
    measure "1 KiB file, 16 requests pipelined" "$main" 1k.bin -p 16 /1k.bin
    measure "1 KiB file, a connection a request" "$main" 1k.bin -x /1k.bin
    measure_long "1 KiB file, 2,000 connections" "$main" 1k.bin -c 2000 /1k.bin
    measure "an answer from the configuration" "$respond_subjects" respond.txt /respond
    measure_logs
}
prepare_respond() {
    printf %s "$respond" >"$work/www/respond.txt"
    respond_subjects="skiff=$skiff_port:$skiff_worker"
    ! has nginx || respond_subjects="nginx=$nginx_port:$nginx_worker $respond_subjects"
    has haproxy || return 0
    start haproxy plain "" taskset -c 0
    haproxy_pid=$started
    respond_subjects="$respond_subjects haproxy=$started_port:$worker"
}
prepare_logs() {
    mkdir -p "$work/log"
    chmod 777 "$work/log"
}
# Each server against itself without a log. The files go after each pass, so that the next is written
# to memory that was in use: the first touch of a young virtual machine's memory is the host's work.
measure_logs() {
    for of in skiff nginx lighttpd; do
        [ $of = skiff ] || has $of || continue
        start $of log "" taskset -c 0
        eval "plain=\$${of}_port:\$${of}_worker"
        # shellcheck disable=SC2154
        measure "1 KiB file, access log of $of" "plain=$plain logging=$started_port:$worker" "" \
            /1k.bin
        end "$started"
        rm "$work/log/$of"
    done
}
# As fast as it can, on a new connection with a name of its own.
count_lines() {
    asked=500000
    start skiff log "" taskset -c 0
    "$tools/load" -n $asked -c 64 "/1k.bin?counted" "x=$started_port"
    end "$started"
    lines=$(grep -c 'counted' "$work/log/skiff")
    echo "{\"asked\":$asked,\"lost\":$((asked - lines))}" >>"$work/lines.json"
}

middle() { # file, column: the line whose number there is the middle one
    sort -n -k "$2,$2" "$1" | awk '{line[NR] = $0} END {print line[int((NR + 1) / 2)]}'
}

# --- latency -------------------------------------------------------------------------------------

# Of the turns of each, the middle one by its 99th percentile: a machine has bad moments.
measure_latency() {
    echo
    echo "latency at 20,000 requests a second of 1 KiB, from when each was due, microseconds"
    echo "               p50     p90     p99   p99.9   longest"
    : >"$results/latency.tsv"
    for turn in $turns; do
        for subject in $all; do
            name=${subject%%=*}
            line=$("$tools/pace" -u "$last" -s "$pace_seconds" -d "$work/pace.$turn.$name" /1k.bin \
                "${subject%%:*}")
            echo "$line $turn" >>"$work/pace.$name"
        done
    done
    for subject in $all; do
        name=${subject%%=*}
        middle "$work/pace.$name" 5 | while read -r _ n p50 p90 p99 p999 longest _ _ turn; do
            cat "$work/pace.$turn.$name" >>"$results/latency.tsv"
            printf '  %-9s %7s %7s %7s %7s %9s\n' "$name" "$p50" "$p90" "$p99" "$p999" "$longest"
            printf '{"name":"%s","answers":%s,"p50_us":%s,"p90_us":%s,"p99_us":%s,' \
                "$name" "$n" "$p50" "$p90" "$p99" >>"$work/latency.json"
            printf '"p999_us":%s,"longest_us":%s}\n' "$p999" "$longest" >>"$work/latency.json"
        done
    done
}

# --- wrk ------------------------------------------------------------------------------------------

ticks() { # pids with "," between: the CPU time they used, in hundredths of a second
    for p in $(echo "$1" | tr , ' '); do cat "/proc/$p/stat"; done |
        awk '{sub(/.*\) /, ""); sum += $12 + $13} END {print sum}'
}
# Prints requests a second and microseconds of CPU each.
wrk_once() { # port, pids, connections, cpus of wrk, threads
    before=$(ticks "$2")
    taskset -c "$4" wrk -t "$5" -c "$3" -d "$wrk_seconds" "http://127.0.0.1:$1/1k.bin" >"$work/wrk"
    awk -v used=$(($(ticks "$2") - before)) '/requests in/ {n = $1} /Requests.sec/ {rate = $2}
        END {printf "%.0f %.3f\n", rate, used * 10000 / n}' "$work/wrk"
}
# In turn, the middle of the turns; the floor shows what wrk itself can ask for.
measure_wrk() {
    echo
    echo "wrk: requests a second of 1 KiB by connections"
    : >"$results/throughput.tsv"
    start_floor 1k.bin "" taskset -c 0
    subjects="$all floor=$floor_port:$floor_pid"
    for conns in $wrk_conns; do
        for turn in $turns; do
            for subject in $subjects; do
                name=${subject%%=*} rest=${subject#*=}
                wrk_once "${rest%%:*}" "${rest#*:}" "$conns" "$last" 1 >>"$work/wrk.$conns.$name"
            done
        done
    done
    end "$floor_pid"
    for subject in $subjects; do
        name=${subject%%=*}
        printf '  %-9s' "$name"
        for conns in $wrk_conns; do
            # shellcheck disable=SC2046
            set -- $(middle "$work/wrk.$conns.$name" 1)
            printf ' %4d: %7d' "$conns" "$1"
            echo "$name $conns $1" >>"$results/throughput.tsv"
            printf '{"name":"%s","connections":%d,"rate":%s,"cpu_us":%s}\n' \
                "$name" "$conns" "$1" "$2" >>"$work/wrk.json"
        done
        echo
    done
}
# Two workers on two processors against one on one, in turn: wrk on two others, or where there are
# none on the same two, where it disturbs both alike.
measure_workers() {
    where=2,3 remark=''
    case $(nproc) in
    1) left_out "2 workers (one processor)" && return ;;
    2 | 3) where=0,1 remark=', wrk on the same processors' ;;
    esac
    workers=2
    start skiff plain "" taskset -c 0,1
    workers=1
    : >"$work/workers"
    for round in $worker_turns; do
        one=$(wrk_once "$skiff_port" "$skiff_worker" 64 $where 2)
        two=$(wrk_once "$started_port" "$worker" 128 $where 2)
        echo "$one $two" >>"$work/workers"
    done
    end "$started"
    awk '{print $4 / $2, $2, $4, $1, $3}' "$work/workers" >"$work/workers.ratios"
    middle "$work/workers.ratios" 1 |
        while read -r ratio one two rate_one rate_two; do
            echo
            echo "2 workers on 2 processors: $two us of CPU a request against $one with 1" \
                "($ratio); $rate_two/s against $rate_one/s$remark"
            echo "{\"ratio\":$ratio,\"one_us\":$one,\"two_us\":$two}" >>"$work/workers.json"
        done
}

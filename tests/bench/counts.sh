# What can be counted exactly: system calls by strace, user instructions by callgrind. Read by
# tests/bench/run.
# shellcheck shell=sh disable=SC2154

# --- system calls a request -----------------------------------------------------------------------

# What a server's process does for so many requests, its tracer attached before the first.
traced() { # pid, port, requests, load options and path
    pid=$1 port=$2 n=$3
    shift 3
    rm -f "$work/calls"
    strace -f -c -o "$work/calls" -p "$pid" 2>/dev/null &
    tracer=$! pids="$! $pids"
    until grep -q "^TracerPid:.*[1-9]" "/proc/$pid/status"; do
        kill -0 $tracer 2>/dev/null || { end $tracer; return; }
        sleep 0.05
    done
    "$tools/load" -n "$n" "$@" "x=$port"
    sleep 0.2 # it sees the connections close
    end $tracer INT
    awk '$NF == "total" {print $4}' "$work/calls"
}
# So that what a server does once for a file is done. All requests to a floor are of one length.
meet() { # port, path, field lines
    "$tools/load" -n 1 -c 1 -H "$3" "$2" "x=$1"
    sleep 0.3
    "$tools/load" -n 1 -c 1 -H "$3" "$2" "x=$1"
}
# The difference of two runs: connections fall out.
calls_each() { # pid, port, load options and path
    pid=$1 port=$2
    shift 2
    for path; do :; done # the last one
    meet "$port" "$path" ""
    few=$(traced "$pid" "$port" $count "$@") many=$(traced "$pid" "$port" $((3 * count)) "$@")
    [ -n "$many" ] || { echo -; return; }
    awk "BEGIN {printf \"%.3f\", ($many - $few) / (2 * $count)}"
}
row() { # section, title, skiff, floor, nginx
    printf '  %-36s %9s %9s %9s\n' "$2" "$3" "$4" "$5"
    echo "{\"work\":\"$2\",\"skiff\":$3,\"floor\":$4,\"nginx\":$5}" |
        sed 's/:-\([,}]\)/:null\1/g' >>"$work/$1.json"
}
calls() { # title, file that the floor sends or "", load options and path
    title=$1 file=$2 of_floor=- of_nginx=-
    shift 2
    of_skiff=$(calls_each "$skiff_worker" "$skiff_port" "$@")
    if [ -n "$file" ]; then
        case " $* " in *" -x "*) close=close ;; *) close='' ;; esac
        start_floor "$file" "$close" taskset -c 0
        of_floor=$(calls_each "$floor_pid" "$floor_port" "$@")
        end "$floor_pid"
    fi
    [ -z "${nginx_pid:-}" ] || of_nginx=$(calls_each "$nginx_worker" "$nginx_port" "$@")
    row calls "$title" "$of_skiff" "$of_floor" "$of_nginx"
}
measure_calls() {
    echo
    printf '%-38s %9s %9s %9s\n' "system calls a request" skiff floor nginx
    [ -n "$quick" ] || calls "1 KiB file, 1 connection" 1k.bin -c 1 /1k.bin
    calls "1 KiB file, 64 connections" 1k.bin -c 64 /1k.bin
    [ -n "$quick" ] || calls "100 KiB file, 64 connections" 100k.bin -c 64 /100k.bin
    calls "404, 64 connections" "" -c 64 /nothing
    calls "1 KiB file, a connection a request" 1k.bin -c 64 -x /1k.bin
    prepare_logs
    start skiff log ""
    ( # the writer's are counted too; nginx is not asked
        skiff_worker=$worker skiff_port=$started_port nginx_pid=
        calls "1 KiB file, access log" "" -c 64 /1k.bin
    )
    end "$started"
}

# --- instructions a request -----------------------------------------------------------------------

# Root stays root: valgrind writes its results as the worker's user.
under_valgrind() { # command...
    exec env LD_PRELOAD="$tools/openat2.so" valgrind -q --tool=callgrind --trace-children=yes \
        --callgrind-out-file="$work/callgrind.%p" "$@"
}
start_counted() { # name
    case $1 in
    skiff) start skiff counted ", user: $(id -un)" under_valgrind ;;
    nginx) start nginx counted "user $(id -un);" under_valgrind ;;
    floor)
        start_floor 1k.bin "" under_valgrind
        started=$floor_pid worker=$floor_pid started_port=$floor_port ;;
    esac
}
fields_of() { # row: its field lines
    case $1 in
    "Host alone") ;;
    "a browser's 12 fields") echo "$browser" ;;
    plain*) echo "User-Agent: wrk|Accept: */*|" ;;
    esac
}
# So many requests; the worker's counts of them go to a file of their own, callgrind.PID.N.
counted() { # requests, field lines, name
    "$tools/load" -n "$1" -c 32 -H "$2" /1k.bin "x=$started_port"
    callgrind_control -d "$worker" >/dev/null 2>&1
    dumps=$((dumps + 1))
    mv "$work/callgrind.$worker.$dumps" "$work/$3"
}
# The difference of two runs: connections fall out.
count_row() { # row
    fields=$(fields_of "$1")
    meet "$started_port" /1k.bin "$fields"
    counted 1 "$fields" before
    counted "$count" "$fields" few
    counted $((2 * count)) "$fields" many
    cat "$work/few" "$work/many" |
        awk -v n="$count" '/^totals:/ {seen[i++] = $2} END {printf "%d\n", (seen[1] - seen[0]) / n}'
}
# One start for all rows, it takes longer than they do; but requests to a floor are of one length.
count_server() { # name, rows
    server=$1
    shift
    start_counted $server
    dumps=0
    for title; do
        count_row "$title"
        [ $server = floor ] || continue
        end "$started"
        start_counted $server
        dumps=0
    done >"$work/instructions.$server"
    end "$started"
}
counted_of() { # name, row number
    [ -f "$work/instructions.$1" ] && sed -n "$2p" "$work/instructions.$1" || echo -
}
instructions() { # rows
    [ -z "${nginx_pid:-}" ] || count_server nginx "$@"
    count_server floor "$@"
    count_server skiff "$@" # the last, for the functions
    n=0
    for title; do
        n=$((n + 1))
        row instructions "$title" "$(counted_of skiff $n)" "$(counted_of floor $n)" \
            "$(counted_of nginx $n)"
    done
}
# Of the row counted last. What calls all the others was called before and counts whole: left out.
functions() { # instructions a request
    have callgrind_annotate || return 0
    for run in few many; do
        callgrind_annotate --auto=no --show-percs=no --threshold=100 "$work/$run" 2>/dev/null |
            sed -n 's/^ *\([0-9,]\{1,\}\)  *[^ ]*:\([A-Za-z_][^ ]*\).*/\1 \2/p' | tr -d , |
            sed "s/^/$run /"
    done |
        awk -v n="$count" -v whole="$1" '{sum[$3] += $1 == "many" ? $2 : -$2}
            END {for (f in sum) if (sum[f] >= n && sum[f] < 0.9 * whole * n)
                printf "%d %s\n", sum[f] / n, f}' |
        sort -rn | head -10 >"$work/top"
    awk '{printf "    %6d  %s\n", $1, $2}' "$work/top"
    awk '{printf "{\"function\":\"%s\",\"instructions\":%d}\n", $2, $1}' "$work/top" \
        >"$work/functions.json"
}
measure_instructions() {
    ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -shared -fPIC -o "$tools/openat2.so" \
        tests/bench/openat2_shim.c
    echo
    printf '%-38s %9s %9s %9s\n' "user instructions a request, 1 KiB file" skiff floor nginx
    instructions "Host alone" "a browser's 12 fields" "plain: Host, User-Agent, Accept"
    echo "  of skiff, the plain one, by function"
    functions "$(counted_of skiff 3)"
}

# Hot requests beside a client whose files are not in memory. Read by tests/bench/run.
# shellcheck shell=sh disable=SC2154
#
# The slow disk is an ext4 file system in a file, and the block layer lets the servers' control
# group read so many times a second from it (blkio of version 1, or io.max of version 2). The root's
# other files lie elsewhere. A server, its disk threads too, has processor 0 and pace the last one;
# on a machine of two the reader (cold.c) is beside pace. Its priority is as pace's: it sleeps nearly
# all the time, and with the lowest half as many files come. How long pace was kept from its
# processor, by the reader or by what else the machine does, stands beside the latency.
#
# What the loop did is asked of the kernel: how long its thread waited for a disk and for the
# processor, and, by tracefs, when it called epoll_wait and came back. The trace runs in the quiet
# part too.

SLOW_READS=50 # a second, however large: a busy hard disk
SLOW_FILES=200
group='' trace=''

# Prints why not.
make_slow_disk() {
    [ -n "${SKIFF_BENCH_INSIDE:-}" ] || { echo "not root, or no namespaces"; return; }
    for program in mkfs.ext4 mountpoint; do
        have $program || { echo "$program is not installed"; return; }
    done
    truncate -s 256M "$work/slow.img"
    mkdir "$work/www/slow"
    mkfs.ext4 -q -O ^has_journal "$work/slow.img" &&
        mount -o loop,noatime "$work/slow.img" "$work/www/slow" 2>/dev/null ||
        { echo "no loop device can be mounted"; return; }
    for i in $(seq $SLOW_FILES); do head -c 1000000 /dev/urandom >"$work/www/slow/$i.bin"; done
    chmod -R a+rX "$work/www/slow"
    sync
}
make_group() {
    device=$(mountpoint -d "$work/www/slow")
    if [ -w /sys/fs/cgroup/blkio/cgroup.procs ]; then
        group=/sys/fs/cgroup/blkio/skiff-bench.$$
        mkdir $group && echo "$device $SLOW_READS" >$group/blkio.throttle.read_iops_device
    else
        group=/sys/fs/cgroup/skiff-bench.$$
        echo +io >/sys/fs/cgroup/cgroup.subtree_control && mkdir $group &&
            echo "$device riops=$SLOW_READS" >$group/io.max
    fi 2>/dev/null || { group='' && echo "no control group can hold reads back"; }
}
leave_cold() { # when everything has ended
    [ -z "$group" ] || rmdir $group
    trace_end
    [ -z "${delays:-}" ] || echo "$delays" >/proc/sys/kernel/task_delayacct
}
in_group() {
    # shellcheck disable=SC2016
    exec sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' $group "$@"
}
# How long the loop's thread has waited for a disk and for the processor, in ms.
waited_disk() { sed 's/.*) //' "/proc/$worker/task/$worker/stat" | awk '{print $40 * 10}'; }
waited_processor() { awk '{print int($2 / 1e6)}' "/proc/$worker/task/$worker/schedstat"; }

# Notes when the loop's thread calls epoll_wait and when that returns, and who takes the processor
# from it. Where that is not to be had the turn is left out.
trace_begin() {
    mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
    trace=/sys/kernel/tracing/instances/skiff-bench.$$
    mkdir $trace && echo 32768 >$trace/buffer_size_kb && echo "$worker" >$trace/set_event_pid &&
        for event in sched/sched_switch syscalls/sys_enter_epoll_wait syscalls/sys_exit_epoll_wait \
            syscalls/sys_enter_epoll_pwait syscalls/sys_exit_epoll_pwait; do
            [ ! -d $trace/events/$event ] || echo 1 >$trace/events/$event/enable
        done
} 2>/dev/null
trace_end() { rmdir "$trace" 2>/dev/null || :; }
# Prints the longest turn of the loop, and how much of that it could have run but others did, in us.
longest_turn() {
    awk -v pid="$worker" '
        match($0, / [0-9]+\.[0-9]+: /) {at = substr($0, RSTART + 1, RLENGTH - 3) * 1e6}
        left && ($0 ~ "-" pid " +\\[" || $0 ~ "next_pid=" pid " ") {others += at - left; left = 0}
        /sys_epoll_p?wait ->/ {began = at; others = 0}
        /sys_epoll_p?wait\(/ && began && at - began > turn {turn = at - began; of_it = others}
        $0 ~ "prev_pid=" pid " .*prev_state=R" {left = at}
        END {print turn ? int(turn) " " int(of_it) : "- -"}' "$trace/trace" 2>/dev/null ||
        echo "- -"
}

# Standard input: a line a turn. Prints the middle one by its ratio, with the most of all turns that
# the loop waited for the disk and that its turns took.
cold_row() {
    sort -n -k 27,27 | awk -v json="$work/cold.json" '
        function or_null(figure) {return figure == "-" ? "null" : figure}
        {
            line[NR] = $0
            if (NR == 1 || $20 > disk) disk = $20
            if (NR == 1 || $22 > turn) {turn = $22; others = $23}
        }
        END {
            $0 = line[int((NR + 1) / 2)]
            printf "  %-9s %7d %7d %7d %7d %9d %7.2f %9d %7d %6s %5d %7s %7s %7.1f %5d\n", $1, $5, $13,
                $14, $15, $17, $27, $18, $19, disk, $21, turn, others, $24, $25
            printf "{\"name\":\"%s\",\"quiet_p90_us\":%d,\"quiet_away_p90_us\":%d,", $1, $5, $9 >>json
            printf "\"p50_us\":%d,\"p90_us\":%d,\"p99_us\":%d,\"longest_us\":%d,", $13, $14, $15,
                $17 >>json
            printf "\"away_p90_us\":%d,\"away_longest_us\":%d,", $18, $19 >>json
            printf "\"disk_ms\":%s,\"processor_ms\":%d,", or_null(disk), $21 >>json
            printf "\"turn_us\":%s,\"turn_others_us\":%s,", or_null(turn), or_null(others) >>json
            printf "\"files_s\":%s,\"in_memory\":%d,\"reader_cpu_us\":%d}\n", $24, $25, $26 >>json
        }'
}
pace_hot() { # name
    "$tools/pace" -c 16 -r 5000 -u "$last" -s "$pace_seconds" /1k.bin "$1=$started_port"
}
# Name; pace's lines when quiet and beside the reader; ms that the loop waited for the disk and for
# the processor; its longest turn, 2 figures; the reader's line; the ratio of the two 90th
# percentiles.
play_cold_turn() { # name
    quiet=$(pace_hot "$1")
    [ ! -d "$trace" ] || : >"$trace/trace"
    # shellcheck disable=SC2046
    taskset -c $((last > 1 ? 1 : last)) "$tools/cold" "$started_port" "$work/www" \
        $(seq -f '/slow/%g.bin' $SLOW_FILES) >"$work/read" &
    reader=$! pids="$! $pids" disk=$(waited_disk) processor=$(waited_processor)
    beside=$(pace_hot "$1")
    disk=$(($(waited_disk) - disk)) processor=$(($(waited_processor) - processor))
    [ $disk -lt 60000 ] || disk=- # of a wait that never began the kernel counts all since its start
    loop_turn=$(longest_turn)
    end $reader
    echo "$1 $quiet $beside $disk $processor $loop_turn $(cat "$work/read")" |
        awk '{print $0, $14 / $5}' >>"$work/cold.$1"
}
measure_cold_of() { # name
    start "$1" plain "" in_group taskset -c 0
    trace_begin || trace_end
    for _ in $turns; do play_cold_turn "$1"; done
    cold_row <"$work/cold.$1"
    trace_end
    end "$started"
}
measure_cold() {
    echo
    why=$(make_slow_disk)
    [ -n "$why" ] || make_group >"$work/why"
    [ -n "$why" ] || why=$(cat "$work/why")
    if [ -n "$why" ]; then
        left_out "hot files beside cold ones ($why)"
        return
    fi
    delays=$(cat /proc/sys/kernel/task_delayacct)
    echo 1 >/proc/sys/kernel/task_delayacct
    echo "1 KiB from memory at 5,000 a second, us, beside a client that reads files of 1 MB from a"
    echo "disk of $SLOW_READS reads a second. away: what of it pace was kept from its processor. The loop's"
    echo "thread: ms that it waited for the disk and the processor; its longest turn, and what of that"
    echo "others ran. Files that came a second, and that the kernel had not forgotten before. Of the"
    echo "turns the middle one by its ratio, of the waits for the disk and the loop's turns the longest"
    echo "          quiet p90     p50     p90     p99   longest   ratio  away p90 longest   disk" \
        "  cpu    turn  others files/s  kept"
    for of in skiff nginx lighttpd; do
        [ $of = skiff ] || has $of || continue
        measure_cold_of $of
    done
}

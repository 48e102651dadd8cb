# Hot requests beside a client whose files are not in memory. Read by tests/bench/run.
# shellcheck shell=sh disable=SC2154
#
# The slow disk is an ext4 file system in a file, and the block layer lets the servers' control
# group read so many times a second from it (blkio of version 1, or io.max of version 2). Files are
# dropped from memory before each request for one. The root's other files lie elsewhere.

SLOW_READS=50 # a second, of up to 128 KiB: a busy hard disk
group=''

# Prints why not.
make_slow_disk() {
    [ -n "${SKIFF_BENCH_INSIDE:-}" ] || { echo "not root, or no namespaces"; return; }
    for program in mkfs.ext4 curl mountpoint; do
        have $program || { echo "$program is not installed"; return; }
    done
    truncate -s 256M "$work/slow.img"
    mkdir "$work/www/slow"
    mkfs.ext4 -q -O ^has_journal "$work/slow.img" &&
        mount -o loop,noatime "$work/slow.img" "$work/www/slow" 2>/dev/null ||
        { echo "no loop device can be mounted"; return; }
    for i in $(seq 200); do head -c 1000000 /dev/urandom >"$work/www/slow/$i.bin"; done
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
    [ -z "${delays:-}" ] || echo "$delays" >/proc/sys/kernel/task_delayacct
}
in_group() {
    # shellcheck disable=SC2016
    exec sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' $group "$@"
}
# One file after the other, until it is ended; each that was read whole is a line.
read_cold() { # port
    taskset -pc $((last > 1 ? 1 : last)) "$(sh -c 'echo $PPID')" >/dev/null # not the server's
    while :; do
        for i in $(seq 200); do
            dd if="$work/www/slow/$i.bin" iflag=nocache count=0 status=none
            curl -sfo /dev/null "http://127.0.0.1:$1/slow/$i.bin" && echo $i
        done
    done
}
# How long the loop's thread has waited for a disk, in hundredths of a second.
waited() { sed 's/.*) //' "/proc/$worker/task/$worker/stat" | cut -d' ' -f40; }

cold_row() { # name, pace's line when quiet, its line beside the reader, waited, files
    echo "$2 $3" | awk -v name="$1" -v waited="$4" -v files="$5" -v json="$work/cold.json" '{
        printf "  %-9s %7d %7d %7d %7d %9d %7.2f %12d %7d\n", name, $4, $10, $11, $12, $14,
            $11 / $4, waited * 10, files
        printf "{\"name\":\"%s\",\"quiet_p90_us\":%d,\"p50_us\":%d,\"p90_us\":%d,\"p99_us\":%d,",
            name, $4, $10, $11, $12 >>json
        printf "\"longest_us\":%d,\"waited_ms\":%d,\"files\":%d}\n", $14, waited * 10, files >>json
    }'
}
measure_cold_of() { # name
    start "$1" plain "" in_group taskset -c 0
    quiet=$("$tools/pace" -c 16 -r 5000 -u "$last" -s "$pace_seconds" /1k.bin "$1=$started_port")
    read_cold "$started_port" >"$work/read" &
    reader=$! pids="$! $pids" before=$(waited)
    beside=$("$tools/pace" -c 16 -r 5000 -u "$last" -s "$pace_seconds" /1k.bin "$1=$started_port")
    cold_row "$1" "$quiet" "$beside" $(($(waited) - before)) "$(wc -l <"$work/read")"
    end $reader
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
    echo "disk of $SLOW_READS reads a second; ms that the loop's thread waited for that disk"
    echo "          quiet p90     p50     p90     p99   longest   ratio       waited   files"
    for of in skiff nginx lighttpd; do
        [ $of = skiff ] || has $of || continue
        measure_cold_of $of
    done
}

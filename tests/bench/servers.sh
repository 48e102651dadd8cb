# The servers that are compared: which are here, equivalent configurations, starting one. Read by
# tests/bench/run.
#
# Each serves $work/www from one process or thread that does the work, without an access log but
# with every cache of open files it has, and keeps connections for ever. A configuration is written
# by NAME_conf PORT VARIANT EXTRA: the variant "log" has an access log, "counted" nothing else,
# EXTRA is a line or key of the server's own.
# shellcheck shell=sh disable=SC2154

apache_modules=${APACHE_MODULES:-/usr/lib/apache2/modules}
peers=''
for name in nginx lighttpd h2o apache2 haproxy; do
    PATH=$PATH:/usr/sbin:/usr/local/sbin
    if have $name; then peers="$peers $name"; else left_out "$name (not installed)"; fi
done
has() { case " $peers " in *" $1 "*) ;; *) false ;; esac }

skiff_conf() {
    log=off
    [ "$2" != log ] || log="$work/log/skiff"
    cat <<END
version: 1
process: {workers: ${workers:-1}, max_connections: ${most_connections:-14900}$3}
listen: ["127.0.0.1:$1"]
limits: {keepalive: {idle: 10m}}
log: {error: $work/skiff.$1.log, access: $log}
vhosts:
  - root: $work/www
    routes:
      - match: {path: /respond}
        respond: {body: "$respond"}
END
}
nginx_conf() {
    log=off
    [ "$2" != log ] || log="$work/log/nginx combined buffer=64k flush=1s"
    cat <<END
worker_processes 1; daemon off; pid $work/nginx.$1.pid; error_log $work/nginx.$1.log; $3
events { worker_connections 15000; }
http {
    access_log $log; log_not_found off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
    open_file_cache max=20000; default_type application/octet-stream; keepalive_timeout 600;
    client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
    uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
    server {
        listen 127.0.0.1:$1 reuseport; root $work/www;
        location = /respond { default_type text/plain; return 200 "$respond"; }
    }
}
END
}
lighttpd_conf() {
    cat <<END
server.document-root = "$work/www"
server.bind = "127.0.0.1"
server.port = $1
server.errorlog = "$work/lighttpd.$1.log"
server.max-fds = 19000
server.max-connections = 15000
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 600
etag.use-inode = "disable"
mimetype.assign = ( "" => "application/octet-stream" )
END
    [ "$2" != log ] || cat <<END
server.modules = ( "mod_accesslog" )
accesslog.filename = "$work/log/lighttpd"
END
}
h2o_conf() {
    cat <<END
num-threads: 1
max-connections: 15000
error-log: $work/h2o.$1.log
$([ "$(id -u)" -ne 0 ] || echo "user: nobody")
hosts:
  default:
    listen: {host: 127.0.0.1, port: $1}
    paths:
      /:
        file.dir: $work/www
END
}
apache2_conf() {
    cat <<END
ServerRoot $work
ServerName localhost
PidFile $work/apache2.$1.pid
ErrorLog $work/apache2.$1.log
DefaultRuntimeDir $work
Listen 127.0.0.1:$1
LoadModule mpm_event_module $apache_modules/mod_mpm_event.so
LoadModule authz_core_module $apache_modules/mod_authz_core.so
$([ "$(id -u)" -ne 0 ] || printf 'User nobody\nGroup nogroup\n')
ServerLimit 1
StartServers 1
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
AsyncRequestWorkerFactor 100
MaxKeepAliveRequests 0
KeepAliveTimeout 600
EnableSendfile On
DocumentRoot $work/www
<Directory $work/www>
    Require all granted
    AllowOverride None
</Directory>
END
}
haproxy_conf() {
    cat <<END
global
    nbthread 1
    maxconn 8000
defaults
    mode http
    timeout client 600s
    timeout connect 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:$1
    http-request return status 200 content-type text/plain string "$respond" if { path /respond }
    http-request return status 404
END
}
command_of() { # name, configuration: what runs it in the foreground
    case $1 in
    skiff) echo "$skiff run -c $2" ;;
    nginx) echo "nginx -c $2 -p $work" ;;
    lighttpd) echo "lighttpd -D -f $2" ;;
    h2o) echo "h2o -c $2" ;;
    apache2) echo "apache2 -DFOREGROUND -f $2" ;;
    haproxy) echo "haproxy -db -f $2" ;;
    esac
}
wait_for() { # port: until it answers anything
    i=0
    until "$tools/load" -n 1 -c 1 /respond "x=$1" >/dev/null 2>&1 ||
        "$tools/load" -n 1 -c 1 /1k.bin "x=$1" >/dev/null 2>&1; do
        i=$((i + 1))
        if [ $i -ge 300 ]; then
            echo "nothing answers on port $1" >&2
            cat "$work"/*."$1".out "$work"/*."$1".log >&2
            exit 1
        fi
        sleep 0.1
    done
}
# Sets started (pid), started_port, and worker: the processes that do the work, "," between.
start() { # name, variant, extra, what it runs under...
    name=$1
    started_port=$("$tools/ports" 1)
    file=$work/$name.$started_port.conf
    "${name}_conf" "$started_port" "$2" "$3" >"$file"
    shift 3
    # shellcheck disable=SC2046
    "$@" $(command_of "$name" "$file") >"$work/$name.$started_port.out" 2>&1 &
    started=$! pids="$! $pids"
    wait_for "$started_port"
    worker=$(pgrep -d , -P $started || echo $started)
    [ "$name" != h2o ] || worker=$started # its child only writes backtraces
}
start_floor() { # file, "close" or "", command...
    file=$work/www/$1 close=$2
    shift 2
    : >"$work/floor"
    "$@" "$tools/floor" "$file" "$close" >"$work/floor" &
    floor_pid=$! pids="$! $pids"
    until [ -s "$work/floor" ]; do sleep 0.05; done
    floor_port=$(cat "$work/floor")
}

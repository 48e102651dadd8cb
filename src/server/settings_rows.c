/* settings_rows: the keys of `process`, `listen`, `limits` and `log`. */
#include "base/log.h"
#include "base/units.h"
#include "server/settings_load.h"

#define DAY (24 * HOUR)

/* --- process --- */

static const char *const no_words[] = {NULL};

const struct opt settings_process_rows[] = {
    {.key = "user",
     .kind = K_TEXT,
     .at = AT(struct process_conf, user, struct str),
     .dflt = "auto",
     .zero = "auto",
     .min = 1,
     .max = 255,
     .doc = "The user that workers run as; auto is nobody when started as root, else who started "
            "it.",
     .was = "worker_user"},
    {.key = "group",
     .kind = K_TEXT,
     .at = AT(struct process_conf, group, struct str),
     .dflt = "auto",
     .zero = "auto",
     .min = 1,
     .max = 255,
     .doc = "The group that workers run as; auto is the primary group of the user."},
    {.key = "workers",
     .kind = K_COUNT,
     .at = AT(struct process_conf, workers, uint32_t),
     .dflt = "auto",
     .zero = "auto",
     .min = 1,
     .max = 256,
     .doc = "Number of worker processes; auto is the smaller of the CPU mask and the cgroup quota.",
     .was = "worker_processes"},
    {.key = "pin_cpus",
     .kind = K_BOOL,
     .at = AT(struct process_conf, pin_cpus, bool),
     .dflt = "false",
     .doc = "Whether each worker stays on one CPU of the mask.",
     .was = "worker_cpu_affinity"},
    {.key = "max_connections",
     .kind = K_COUNT,
     .at = AT(struct process_conf, max_connections, uint32_t),
     .dflt = "auto",
     .zero = "auto",
     .min = 1,
     .max = 10000000,
     .doc = "Connections of the whole server; auto is three quarters of the hard descriptor limit "
            "less 64.",
     .was = "worker_connections"},
    {.key = "pid_file",
     .kind = K_PATH,
     .at = AT(struct process_conf, pid_file, struct str),
     .dflt = "none",
     .zero = "none",
     .max = 4095,
     .choices = no_words,
     .doc = "Where the master writes its process id.",
     .was = "pid"},
    {0},
};

/* --- listen --- */

static bool read_address(struct load *l, const struct yaml_node *n, void *conf)
{
    struct listen_conf *c = conf;
    const char *wrong = address_parse(c->address_text, &c->address);
    if (wrong)
        load_error(l, n, "%s is not an address\n%s", load_path(l), wrong);
    return !wrong;
}

const struct opt settings_listen_rows[] = {
    {.key = "address",
     .kind = K_TEXT,
     .at = AT(struct listen_conf, address_text, struct str),
     .min = 1,
     .max = 255,
     .read = read_address,
     .doc = "Where to listen: \"127.0.0.1:8080\", \"[::]:80\", \"*:80\" or unix:/path."},
    {.key = "mode",
     .kind = K_MODE,
     .at = AT(struct listen_conf, mode, uint32_t),
     .dflt = "0660",
     .max = 0777,
     .doc = "Permissions of a unix socket."},
    {.key = "backlog",
     .kind = K_COUNT,
     .at = AT(struct listen_conf, backlog, uint32_t),
     .dflt = "4096",
     .min = 1,
     .max = 65535,
     .doc = "Connections that may wait to be accepted; the system's somaxconn limits it too."},
    {.key = "defer_accept",
     .kind = K_MSEC,
     .at = AT(struct listen_conf, defer_accept_ms, uint32_t),
     .dflt = "off",
     .zero = "off",
     .min = SECOND,
     .max = HOUR,
     .doc = "How long the kernel holds a connection back until its first bytes arrive; off suits "
            "balancers that connect ahead.",
     .was = "deferred"},
    {.key = "fastopen",
     .kind = K_COUNT,
     .at = AT(struct listen_conf, fastopen, uint32_t),
     .dflt = "off",
     .zero = "off",
     .min = 1,
     .max = 65535,
     .doc = "Length of the queue for TCP Fast Open."},
    {.key = "congestion",
     .kind = K_TEXT,
     .at = AT(struct listen_conf, congestion, struct str),
     .dflt = "system",
     .zero = "system",
     .min = 1,
     .max = 15,
     .doc = "Congestion control, such as bbr; system is the one the machine uses."},
    {.key = "ipv6_only",
     .kind = K_BOOL,
     .at = AT(struct listen_conf, ipv6_only, bool),
     .dflt = "false",
     .doc = "Whether \"[::]\" leaves IPv4 alone; false takes both.",
     .was = "ipv6only"},
    {0},
};

/* --- limits --- */

static const struct opt send_rows[] = {
    {.key = "stall",
     .kind = K_MSEC,
     .at = AT(struct send_conf, stall_ms, uint32_t),
     .dflt = "30s",
     .min = SECOND,
     .max = HOUR,
     .doc = "How often a client that takes an answer is looked at; one below min_rate is cut off, "
            "but what it took beyond that earlier counts for up to four times as long.",
     .was = "send_timeout"},
    {.key = "min_rate",
     .kind = K_RATE,
     .at = AT(struct send_conf, min_rate, uint64_t),
     .dflt = "1KiB/s",
     .zero = "off",
     .min = 1,
     .max = GIB,
     .doc = "What a client must take on average over the stall time."},
    {0},
};

static const struct opt keepalive_rows[] = {
    {.key = "idle",
     .kind = K_MSEC,
     .at = AT(struct keepalive_conf, idle_ms, uint32_t),
     .dflt = "75s",
     .min = SECOND,
     .max = DAY,
     .doc = "How long a connection may wait between requests; keep it above the balancer's.",
     .was = "keepalive_timeout"},
    {.key = "requests",
     .kind = K_COUNT,
     .at = AT(struct keepalive_conf, requests, uint32_t),
     .dflt = "unlimited",
     .zero = "unlimited",
     .min = 1,
     .max = UINT32_MAX,
     .doc = "Requests a connection may bring before it is closed.",
     .was = "keepalive_requests"},
    {0},
};

const struct opt settings_limits_rows[] = {
    OPT_MSEC("header_timeout", struct limits_conf, header_timeout_ms, "10s", SECOND, HOUR,
             "How long a client may take to send a complete request head."),
    OPT_MSEC("body_timeout", struct limits_conf, body_timeout_ms, "10s", SECOND, HOUR,
             "How long a client may pause while it sends a request body."),
    OPT_SIZE("line_max", struct limits_conf, line_max, "8KiB", 256, HTTP_HEAD_CAP,
             "Length of the request line; a longer one is answered with 414."),
    {.key = "head_max",
     .kind = K_SIZE,
     .at = AT(struct limits_conf, head_max, uint64_t),
     .dflt = "16KiB",
     .min = KIB,
     .max = HTTP_HEAD_CAP,
     .doc = "Length of a request head; a longer one is answered with 431.",
     .was = "large_client_header_buffers client_header_buffer_size"},
    OPT_COUNT("fields_max", struct limits_conf, fields_max, "100", 8, 250,
              "Number of fields in a request head; more are answered with 431."),
    {.key = "body_max",
     .kind = K_SIZE,
     .at = AT(struct limits_conf, body_max, uint64_t),
     .dflt = "16KiB",
     .min = 0,
     .max = 1024 * GIB,
     .doc = "Length of a request body; a longer one is answered with 413.",
     .was = "client_max_body_size"},
    OPT_GROUP("send", struct limits_conf, send, struct send_conf, send_rows,
              "What a client that reads slowly is allowed."),
    OPT_GROUP("keepalive", struct limits_conf, keepalive, struct keepalive_conf, keepalive_rows,
              "Connections between requests."),
    {0},
};

/* --- log --- */

static const char *const log_words[] = {"stderr", "stdout", NULL};
static const char *const access_formats[] = {
    [ACCESS_COMBINED] = "combined", [ACCESS_JSON] = "json", NULL};

static const struct opt error_log_rows[] = {
    {.key = "to",
     .kind = K_PATH,
     .at = AT(struct error_log_conf, to, struct str),
     .dflt = "stderr",
     .max = 4095,
     .choices = log_words,
     .doc = "Where errors go: stderr, stdout or a file."},
    OPT_CHOICE("level", struct error_log_conf, level, "notice", log_level_names,
               "The least important level that is written."),
    {0},
};

static const struct opt buffer_rows[] = {
    OPT_SIZE("size", struct log_buffer_conf, size, "64KiB", 4 * KIB, 16 * MIB,
             "Bytes that a worker collects before it writes; it has two such buffers."),
    OPT_MSEC("flush", struct log_buffer_conf, flush_ms, "1s", 10, MINUTE,
             "How long a line may wait in the buffer; a busy worker looks four times a second, an "
             "idle one once."),
    {0},
};

/* A destination was left out: that would silently log nothing. */
static bool check_access(struct load *l, const struct yaml_node *n, void *conf)
{
    (void)conf;
    if (n->kind != YAML_MAP || yaml_get(n, "to"))
        return true;
    load_error(l, n, "log.access needs \"to\"\nwrite a path, stdout or stderr");
    return false;
}

static const struct opt access_log_rows[] = {
    {.key = "to",
     .kind = K_PATH,
     .at = AT(struct access_log_conf, to, struct str),
     .dflt = "off",
     .zero = "off",
     .max = 4095,
     .choices = log_words,
     .doc = "Where requests are logged: off, stdout, stderr or a file."},
    OPT_CHOICE("format", struct access_log_conf, format, "combined", access_formats,
               "How a request is written: the combined format, or one JSON object a line."),
    OPT_GROUP("buffer", struct access_log_conf, buffer, struct log_buffer_conf, buffer_rows,
              "Lines are collected and written together."),
    {0},
};

const struct opt settings_log_rows[] = {
    {.key = "error",
     .kind = K_GROUP,
     .at = AT(struct log_conf, error, struct error_log_conf),
     .table = error_log_rows,
     .short_key = "to",
     .doc = "The error log.",
     .was = "error_log"},
    {.key = "access",
     .kind = K_GROUP,
     .at = AT(struct log_conf, access, struct access_log_conf),
     .table = access_log_rows,
     .short_key = "to",
     .read = check_access,
     .doc = "The access log; off, or where to and how.",
     .was = "access_log"},
    {0},
};

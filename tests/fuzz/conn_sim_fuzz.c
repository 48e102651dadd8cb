/* The whole path of a request, fuzzed: the first bytes say how the input is cut and how much the
 * peer takes at a time; whatever they say, the output is that of the input in one piece. */
#include "base/check.h"
#include "support/sim.h"

#include <stdint.h>
#include <stdlib.h>

static const char config_text[] =
    "version: 1\n"
    "listen: [\"127.0.0.1:1\"]\n"
    "limits: {body_max: 64B, line_max: 256B, head_max: 1KiB, fields_max: 16}\n"
    "vhosts:\n"
    "  - names: [a, \"*.b\"]\n"
    "    root: /srv\n"
    "    headers: {X-One: two}\n"
    "    routes:\n"
    "      - match: {path: /r}\n"
    "        respond: {status: 200, body: hello}\n"
    "      - match: {prefix: /old/}\n"
    "        redirect: {to: /new/}\n";

static char middle[3000], large[20000]; /* lent from memory; read from the file */
static struct sim *sim;

static void start(void)
{
    memset(middle, 'm', sizeof middle);
    memset(large, 'l', sizeof large);
    sim_file("index.html", STR("<p>index"));
    sim_file("d/index.html", STR("<p>d"));
    sim_file("m", str_make(middle, sizeof middle));
    sim_file("large.bin", str_make(large, sizeof large));
    sim = sim_new(config_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!sim)
        start();
    if (size < 3 || size > 4096)
        return 0;
    struct str input = {(const char *)data + 3, size - 3};
    struct str whole = sim_play(sim, input, SIZE_MAX, SIZE_MAX, 0);
    char *expected = malloc(whole.n + 1);
    CHECK(expected);
    memcpy(expected, whole.p, whole.n);
    size_t arrive_max = data[0] ? data[0] : 1, window_max = 64 + data[1] * (size_t)64;
    struct str split = sim_play(sim, input, arrive_max, window_max, data[2]);
    CHECK(str_eq(split, str_make(expected, whole.n)));
    CHECK(whole.n == 0 || str_starts(split, STR("HTTP/1.1 ")));
    free(expected);
    return 0;
}

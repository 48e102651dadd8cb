/* clock: two readings and a text. */
#include "base/clock.h"

#include <time.h>

/* The first second of year 0 and the last one of year 9999. */
static const int64_t year_0 = INT64_C(-62167219200), year_9999 = INT64_C(253402300799);

static uint64_t read_us(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t); /* cannot fail for these two */
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void clock_set(struct clock *c, uint64_t now_us, uint64_t wall_us)
{
    int64_t second = (int64_t)(wall_us / 1000000);
    c->now_us = now_us;
    c->now_ms = now_us / 1000;
    c->wall_us = wall_us;
    if (second == c->second && c->date[0])
        return;
    c->second = second;
    clock_http_date(second, c->date);
}

void clock_update(struct clock *c)
{
    uint64_t now_us = read_us(CLOCK_MONOTONIC);
    if (now_us / 1000 == c->now_ms && c->date[0])
        c->now_us = now_us; /* logs and Date tell no more than milliseconds */
    else
        clock_set(c, now_us, read_us(CLOCK_REALTIME));
}

static char *put2(char *p, int v)
{
    p[0] = (char)('0' + v / 10 % 10);
    p[1] = (char)('0' + v % 10);
    return p + 2;
}

static char *put_text(char *p, const char *text, size_t n)
{
    memcpy(p, text, n);
    return p + n;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

void clock_http_date(int64_t unix_seconds, char out[HTTP_DATE_LEN])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)clamp(unix_seconds, year_0, year_9999);
    struct tm tm = {0};
    (void)gmtime_r(&t, &tm); /* fails only for years that do not fit an int */
    int year = tm.tm_year + 1900;
    char *p = put_text(out, days + tm.tm_wday * 3, 3);
    p = put_text(p, ", ", 2);
    p = put2(p, tm.tm_mday);
    p = put_text(p, " ", 1);
    p = put_text(p, months + tm.tm_mon * 3, 3);
    p = put_text(p, " ", 1);
    p = put2(put2(p, year / 100), year);
    p = put_text(p, " ", 1);
    p = put_text(put2(p, tm.tm_hour), ":", 1);
    p = put_text(put2(p, tm.tm_min), ":", 1);
    (void)put_text(put2(p, tm.tm_sec), " GMT", 4);
}

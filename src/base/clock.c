/* clock: two readings and a text. */
#include "base/clock.h"

#include <time.h>

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
    c->wall_us = wall_us;
    if (second == c->second && c->date[0])
        return;
    c->second = second;
    clock_http_date(second, c->date);
}

void clock_update(struct clock *c)
{
    clock_set(c, read_us(CLOCK_MONOTONIC), read_us(CLOCK_REALTIME));
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

void clock_http_date(int64_t unix_seconds, char out[HTTP_DATE_LEN])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)unix_seconds;
    struct tm tm = {0};
    (void)gmtime_r(&t, &tm); /* fails only for years no file system can store */
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

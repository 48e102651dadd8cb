/* date: a cursor over the text, and one function for each format. */
#include "http/date.h"

#include <time.h>

struct cursor {
    const char *p, *end;
    bool ok;
};

/* Takes exactly this text. */
static void expect(struct cursor *c, struct str text)
{
    c->ok = c->ok && (size_t)(c->end - c->p) >= text.n && memcmp(c->p, text.p, text.n) == 0;
    if (c->ok)
        c->p += text.n;
}

/* Takes `n` digits within a range. */
static int number(struct cursor *c, int n, int low, int high)
{
    int value = 0;
    c->ok = c->ok && c->end - c->p >= n;
    for (int i = 0; c->ok && i < n; i++) {
        c->ok = ascii_is_digit(c->p[i]);
        value = value * 10 + (c->p[i] - '0');
    }
    c->ok = c->ok && value >= low && value <= high;
    if (c->ok)
        c->p += n;
    return value;
}

/* Takes one of `count` names; its index. */
static int name(struct cursor *c, const char *const *names, int count)
{
    for (int i = 0; c->ok && i < count; i++) {
        struct cursor tried = *c;
        expect(&tried, str_of(names[i]));
        if (tried.ok) {
            *c = tried;
            return i;
        }
    }
    c->ok = false;
    return 0;
}

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void read_time(struct cursor *c, struct tm *tm)
{
    tm->tm_hour = number(c, 2, 0, 23);
    expect(c, STR(":"));
    tm->tm_min = number(c, 2, 0, 59);
    expect(c, STR(":"));
    tm->tm_sec = number(c, 2, 0, 60);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static void read_fixdate(struct cursor *c, struct tm *tm, int64_t now_s)
{
    (void)now_s;
    (void)name(c, days, 7);
    expect(c, STR(", "));
    tm->tm_mday = number(c, 2, 1, 31);
    expect(c, STR(" "));
    tm->tm_mon = name(c, months, 12);
    expect(c, STR(" "));
    tm->tm_year = number(c, 4, 0, 9999) - 1900;
    expect(c, STR(" "));
    read_time(c, tm);
    expect(c, STR(" GMT"));
}

/* Puts a year of two digits into this century, or the last one if that is more than 50 years from
 * now (RFC 9110 section 5.6.7). */
static void place_century(struct tm *tm, const struct tm *now)
{
    tm->tm_year += now->tm_year / 100 * 100;
    struct tm that = *tm, limit = *now; /* timegm writes into what it reads */
    limit.tm_year += 50;
    if (timegm(&that) > timegm(&limit))
        tm->tm_year -= 100;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static void read_rfc850(struct cursor *c, struct tm *tm, int64_t now_s)
{
    struct tm now = {0};
    time_t t = (time_t)now_s;
    (void)gmtime_r(&t, &now); /* cannot fail for the present */
    (void)name(c, long_days, 7);
    expect(c, STR(", "));
    tm->tm_mday = number(c, 2, 1, 31);
    expect(c, STR("-"));
    tm->tm_mon = name(c, months, 12);
    expect(c, STR("-"));
    tm->tm_year = number(c, 2, 0, 99);
    expect(c, STR(" "));
    read_time(c, tm);
    expect(c, STR(" GMT"));
    place_century(tm, &now);
}

/* "Sun Nov  6 08:49:37 1994" */
static void read_asctime(struct cursor *c, struct tm *tm, int64_t now_s)
{
    (void)now_s;
    (void)name(c, days, 7);
    expect(c, STR(" "));
    tm->tm_mon = name(c, months, 12);
    expect(c, STR(" "));
    bool one_digit = c->ok && c->p < c->end && *c->p == ' ';
    if (one_digit)
        c->p++;
    tm->tm_mday = number(c, one_digit ? 1 : 2, 1, 31);
    expect(c, STR(" "));
    read_time(c, tm);
    expect(c, STR(" "));
    tm->tm_year = number(c, 4, 0, 9999) - 1900;
}

bool date_parse(struct str text, int64_t now_s, int64_t *seconds)
{
    static void (*const formats[])(struct cursor *, struct tm *,
                                   int64_t) = {read_fixdate, read_rfc850, read_asctime};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct cursor c = {text.p, text.p + text.n, true};
        struct tm tm = {0};
        formats[i](&c, &tm, now_s);
        if (!c.ok || c.p != c.end)
            continue;
        int day = tm.tm_mday, leap = tm.tm_sec / 60; /* a leap second must not roll the day over */
        tm.tm_sec -= leap;
        *seconds = (int64_t)timegm(&tm) + leap;
        return tm.tm_mday == day; /* 30 Feb is no day */
    }
    return false;
}

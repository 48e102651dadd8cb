/* units: two tables, one reader, one printer. */
#include "base/units.h"

#include <stdio.h>

struct unit {
    struct str name;
    int64_t worth;
};

/* From large to small: the printer takes the first that is exact, the reader wants this order. */
static const struct unit durations[] = {
    {{"d", 1}, INT64_C(24) * HOUR},
    {{"h", 1}, HOUR},
    {{"m", 1}, MINUTE},
    {{"s", 1}, SECOND},
    {{"ms", 2}, 1},
    {{NULL, 0}, 0},
};
static const struct unit sizes[] = {
    {{"TiB", 3}, GIB * 1024},
    {{"TB", 2}, INT64_C(1000000000000)},
    {{"GiB", 3}, GIB},
    {{"GB", 2}, 1000000000},
    {{"MiB", 3}, MIB},
    {{"MB", 2}, 1000000},
    {{"KiB", 3}, KIB},
    {{"kB", 2}, 1000},
    {{"B", 1}, 1},
    {{NULL, 0}, 0},
};

static const struct unit *find_unit(const struct unit *table, struct str name)
{
    for (; table->name.p; table++)
        if (str_eq(table->name, name))
            return table;
    return NULL;
}

/* Cuts the leading digits, or the leading letters, off *rest. */
static struct str cut_run(struct str *rest, bool digits)
{
    size_t n = 0;
    while (n < rest->n && ascii_is_digit(rest->p[n]) == digits)
        n++;
    struct str run = {rest->p, n};
    *rest = str_from(*rest, n);
    return run;
}

/* Adds one "number unit" pair. *last is the unit before it: they must come from large to small. */
static enum units_result add_part(struct str *rest, const struct unit *table,
                                  const struct unit **last, int64_t *sum)
{
    struct str digits = cut_run(rest, true), name = cut_run(rest, false);
    uint64_t number;
    if (digits.n == 0)
        return UNITS_NONSENSE;
    if (!str_to_u64(digits, INT64_MAX, &number))
        return UNITS_OVERFLOW;
    if (name.n == 0)
        return UNITS_MISSING;
    const struct unit *u = find_unit(table, name);
    if (!u || (*last && u <= *last))
        return UNITS_NONSENSE;
    int64_t part;
    if (__builtin_mul_overflow((int64_t)number, u->worth, &part) ||
        __builtin_add_overflow(*sum, part, sum))
        return UNITS_OVERFLOW;
    *last = u;
    return UNITS_OK;
}

enum units_result units_parse_duration(struct str s, int64_t *ms)
{
    const struct unit *last = NULL;
    int64_t sum = 0;
    enum units_result r = UNITS_OK;
    if (str_eq(s, STR("0"))) {
        *ms = 0;
        return UNITS_OK;
    }
    do
        r = add_part(&s, durations, &last, &sum);
    while (r == UNITS_OK && s.n > 0);
    if (r == UNITS_OK)
        *ms = sum;
    return r;
}

enum units_result units_parse_size(struct str s, int64_t *bytes)
{
    const struct unit *last = NULL;
    int64_t sum = 0;
    if (str_eq(s, STR("0"))) {
        *bytes = 0;
        return UNITS_OK;
    }
    enum units_result r = add_part(&s, sizes, &last, &sum);
    if (r == UNITS_OK && s.n > 0)
        return UNITS_NONSENSE;
    if (r == UNITS_OK)
        *bytes = sum;
    return r;
}

static size_t print(const struct unit *table, int64_t value, char out[UNITS_TEXT])
{
    while (table[1].name.p && (value == 0 || value % table->worth != 0))
        table++;
    int n = snprintf(out, UNITS_TEXT, "%lld%s", (long long)(value / table->worth), table->name.p);
    return (size_t)n;
}

size_t units_print_duration(int64_t ms, char out[UNITS_TEXT])
{
    if (ms == 0)
        return (size_t)snprintf(out, UNITS_TEXT, "0s");
    return print(durations, ms, out);
}

/* Prefers binary units: "1000B" would be printed as "1kB", which reads as a rounded number. */
size_t units_print_size(int64_t bytes, char out[UNITS_TEXT])
{
    static const struct unit binary[] = {
        {{"TiB", 3}, GIB * 1024}, {{"GiB", 3}, GIB}, {{"MiB", 3}, MIB},
        {{"KiB", 3}, KIB},        {{"B", 1}, 1},     {{NULL, 0}, 0},
    };
    return print(binary, bytes, out);
}

static size_t count_digits(uint64_t v)
{
    size_t n = 1;
    for (; v >= 10000; v /= 10000)
        n += 4;
    return n + (v >= 10) + (v >= 100) + (v >= 1000);
}

/* From the end, two digits at a time. */
inline size_t units_print_u64(uint64_t v, char *out)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t n = count_digits(v);
    char *p = out + n;
    for (; v >= 10; v /= 100)
        memcpy(p -= 2, pairs + 2 * (v % 100), 2);
    if (p > out)
        *out = (char)('0' + v);
    return n;
}

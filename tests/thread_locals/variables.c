/*
 * Thread-local variables of several kinds, and functions that reach them in many ways.
 *
 * LINKAGE is static, or makes them exported. FAR is how many bytes lie between the first ones and the last.
 */
#ifndef LINKAGE
#define LINKAGE static
#endif
#ifndef FAR
#define FAR 9000
#endif
#define LOCAL LINKAGE __thread __attribute__((tls_model("initial-exec")))
#define EXPORTED __attribute__((visibility("default"), noinline))

LOCAL long first = 11;
LOCAL unsigned char small = 22;
LOCAL long aligned __attribute__((aligned(64))) = 33;
LOCAL long zero;
LOCAL long far[FAR / sizeof(long)];
LOCAL int narrow;
LOCAL long last;

#define EACH(DO) DO(0, first) DO(1, small) DO(2, aligned) DO(3, zero) DO(4, far[0]) DO(5, narrow) DO(6, last)

EXPORTED int count(void)
{
    return 7;
}

EXPORTED long initial(int which)
{
    static const long values[] = {11, 22, 33, 0, 0, 0, 0};
    return values[which];
}

/* What is left of a value that the variable is set to. */
EXPORTED long kept(int which, long value)
{
    return which == 1 ? (unsigned char)value : which == 5 ? (int)value : value;
}

EXPORTED long get(int which)
{
    switch (which) {
#define GET(number, variable) case number: return variable;
        EACH(GET)
    }
    return -1;
}

EXPORTED void set(int which, long value)
{
    switch (which) {
#define SET(number, variable) case number: variable = value; break;
        EACH(SET)
    }
}

EXPORTED void add(int which, long value)
{
    switch (which) {
#define ADD(number, variable) case number: variable += value; break;
        EACH(ADD)
    }
}

EXPORTED void *where(int which)
{
    switch (which) {
#define WHERE(number, variable) case number: return &variable;
        EACH(WHERE)
    }
    return 0;
}

EXPORTED long sum(void)
{
    return first + 3L * small + 5 * aligned + 7 * zero + 11 * far[0] + 13L * narrow + 17 * last;
}

/* Registers are scarce and flags are live here. */
EXPORTED long mix(long a, long b, long c, long d, long e, long f)
{
    long result = 0;
    for (int at = 0; at < 4; at++) {
        result += (a + at < first ? b : c) ^ (d * e - f);
        result += a * small + b * aligned - c * zero + (d ^ far[at * 7]) + e * narrow + (f | last);
        a += b + at, b ^= c, c -= d, d += e * 3, e = f - e, f += result;
    }
    return result;
}

EXPORTED long mixed(long *v, long a, long b, long c, long d, long e, long f)
{
    long result = 0;
    for (int at = 0; at < 4; at++) {
        result += (a + at < v[0] ? b : c) ^ (d * e - f);
        result += a * v[1] + b * v[2] - c * v[3] + (d ^ (at ? 0 : v[4])) + e * v[5] + (f | v[6]);
        a += b + at, b ^= c, c -= d, d += e * 3, e = f - e, f += result;
    }
    return result;
}

/* check_accuracy: the runtime's tanh and sigmoid over float32, against double precision.
 *
 *     check_accuracy           every 1021st float32 and all around the places where something changes: under a second
 *     check_accuracy all       every float32 there is: two minutes
 *
 * Checks what the runtime promises: absolute error, range, exact saturation, oddness, the relative error near 0,
 * monotony up to the error, NaN and infinity, that nnc_v1 and nnc_v4 agree to the bit, and that nnc_sigmoid is within
 * 4 ulp. Under -ffast-math only errors, range and saturation are checked. Prints the measured errors; the exit status
 * is 1 if a promise is broken. */
#include "nnc_runtime.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__FAST_MATH__)
#define STRICT 0
#define TOLERANCE 3e-7 /* the contract's */
#else
#define STRICT 1
#define TOLERANCE 1.56e-7 /* what the header states, for tanh; sigmoid's is less */
#endif

typedef struct {
    const char *name;
    double error, ulps; /* the largest absolute error, and error in units in the last place */
    float error_at, ulps_at;
} worst;

static int failures;

static void fail(const char *what, float x, float got) {
    if (++failures <= 20)
        printf("FAILED: %s at x = %.9g (%a): got %.9g (%a)\n", what, (double)x, (double)x, (double)got, (double)got);
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The distance of neighbouring floats at `want`, 0 to 1. */
static double ulp_of(double want) {
    uint32_t exponent = bits_of((float)want) >> 23;
    if (exponent <= 1)
        return (double)float_of(1);
    return (double)float_of(exponent > 23 ? (exponent - 23) << 23 : 1u << (exponent - 1));
}

static void measure(worst *w, float x, float got, double want) {
    double error = fabs((double)got - want), ulps = error / ulp_of(want);
    if (error > w->error) {
        w->error = error;
        w->error_at = x;
    }
    if (ulps > w->ulps) {
        w->ulps = ulps;
        w->ulps_at = x;
    }
}

/* tanh(x), sigmoid(x) and sigmoid(-x). The outer branches save time: they are exact to double precision. */
static void reference(double x, double *want_tanh, double *up, double *down) {
    if (x < 1e-4) {
        *want_tanh = x - x * x * x / 3.0;
        *up = 0.5 + (x / 4.0 - x * x * x / 48.0);
        *down = 0.5 - (x / 4.0 - x * x * x / 48.0);
    } else {
        double e = x < 120.0 ? exp(-x) : 0.0;
        *want_tanh = x < 20.0 ? tanh(x) : 1.0;
        *up = 1.0 / (1.0 + e);
        *down = e / (1.0 + e);
    }
}

/* Four magnitudes, ascending; the negative ones are checked beside them. */
static void check_four(const float x[4], worst *tanh_, worst *gate, worst *scalar, float *last_tanh, float *last_up,
                       float *last_down) {
    float t[4], negative[4], minus_x[4], up[4], down[4];
    int i;
    for (i = 0; i < 4; i++)
        minus_x[i] = -x[i];
    nnc_v4_store(t, nnc_v4_tanh(nnc_v4_load(x)));
    nnc_v4_store(negative, nnc_v4_tanh(nnc_v4_load(minus_x)));
    nnc_v4_store(up, nnc_v4_sigmoid(nnc_v4_load(x)));
    nnc_v4_store(down, nnc_v4_sigmoid(nnc_v4_load(minus_x)));
    for (i = 0; i < 4; i++) {
        double want_tanh, want_up, want_down;
        reference((double)x[i], &want_tanh, &want_up, &want_down);
        measure(tanh_, x[i], t[i], want_tanh);
        measure(gate, x[i], up[i], want_up);
        measure(gate, minus_x[i], down[i], want_down);
        if (!(t[i] >= 0.0f && t[i] <= 1.0f))
            fail("tanh is outside [-1, 1]", x[i], t[i]);
        if (!(up[i] >= 0.0f && up[i] <= 1.0f) || !(down[i] >= 0.0f && down[i] <= 1.0f))
            fail("sigmoid is outside [0, 1]", x[i], up[i]);
        if ((float)want_tanh == 1.0f && (t[i] != 1.0f || negative[i] != -1.0f))
            fail("tanh is not saturated", x[i], t[i]);
        if ((float)want_up == 1.0f && up[i] != 1.0f)
            fail("sigmoid is not saturated", x[i], up[i]);
        if ((float)want_down == 0.0f && down[i] != 0.0f)
            fail("sigmoid is not 0", minus_x[i], down[i]);
        if ((double)*last_tanh - (double)t[i] > TOLERANCE || (double)*last_up - (double)up[i] > TOLERANCE ||
            (double)down[i] - (double)*last_down > TOLERANCE)
            fail("a decrease larger than the error", x[i], t[i]);
        *last_tanh = t[i] > *last_tanh ? t[i] : *last_tanh;
        *last_up = up[i] > *last_up ? up[i] : *last_up;
        *last_down = down[i] < *last_down ? down[i] : *last_down;
#if STRICT
        if (bits_of(negative[i]) != (bits_of(t[i]) ^ 0x80000000u))
            fail("tanh is not odd", x[i], negative[i]);
        if (bits_of(nnc_v1_tanh(x[i])) != bits_of(t[i]) || bits_of(nnc_v1_sigmoid(x[i])) != bits_of(up[i]))
            fail("nnc_v1 differs from nnc_v4", x[i], nnc_v1_tanh(x[i]));
        if (x[i] < 1e-4f && !(fabs((double)t[i] - (double)x[i]) <= 2.0 * ulp_of((double)x[i])))
            fail("tanh(x) is not x within 2 ulp", x[i], t[i]);
        measure(scalar, x[i], nnc_sigmoid(x[i]), want_up);
        measure(scalar, minus_x[i], nnc_sigmoid(minus_x[i]), want_down);
#endif
    }
    (void)scalar;
}

static void report(const worst *w) {
    printf("%-12s largest error %.3g at %.9g, %.2f ulp at %.9g\n", w->name, w->error, (double)w->error_at, w->ulps,
           (double)w->ulps_at);
}

static int check_range(uint32_t first, uint32_t last, uint32_t step) {
    worst tanh_ = {"tanh", 0, 0, 0, 0}, gate = {"sigmoid", 0, 0, 0, 0}, scalar = {"nnc_sigmoid", 0, 0, 0, 0};
    float last_tanh = -1.0f, last_up = 0.0f, last_down = 1.0f, x[4];
    uint32_t bits;
    for (bits = first; bits <= last; bits += 4 * step) {
        int i;
        for (i = 0; i < 4; i++)
            x[i] = float_of(bits + (uint32_t)i * step <= last ? bits + (uint32_t)i * step : last);
        check_four(x, &tanh_, &gate, &scalar, &last_tanh, &last_up, &last_down);
    }
    printf("%.9g to %.9g\n", (double)float_of(first), (double)float_of(last));
    report(&tanh_);
    printf("%-12s largest error %.3g at %.9g\n", gate.name, gate.error, (double)gate.error_at);
    if (STRICT)
        report(&scalar);
    if (tanh_.error > TOLERANCE || gate.error > TOLERANCE)
        fail("absolute error", tanh_.error_at, nnc_v1_tanh(tanh_.error_at));
    if (STRICT && (tanh_.ulps > 5.0 || scalar.ulps > 4.0))
        fail("too many ulp", tanh_.ulps_at, nnc_v1_tanh(tanh_.ulps_at));
    return failures;
}

int main(int argc, char **argv) {
    const uint32_t infinity = 0x7f800000u, one_thousandth = 0x3a83126fu, twenty = 0x41a00000u;
    int all = argc == 2 && strcmp(argv[1], "all") == 0;
    if (argc > 1 && !all) {
        fprintf(stderr, "usage: check_accuracy [all]\n");
        return 2;
    }
    if (all) {
        check_range(0, STRICT ? infinity : infinity - 1, 1);
    } else {
        check_range(0, STRICT ? infinity : infinity - 1, 1021);
        check_range(one_thousandth, twenty, 101);
        check_range(bits_of(8.5f), bits_of(9.1f), 1);      /* tanh saturates */
        check_range(bits_of(17.2f), bits_of(18.1f), 1);    /* sigmoid saturates */
    }
#if STRICT
    {
        const uint32_t nans[4] = {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu};
        int i;
        for (i = 0; i < 4; i++) {
            float x = float_of(nans[i]), t = nnc_v4_lane(nnc_v4_tanh(nnc_v4_splat(x)), 3);
            float s = nnc_v4_lane(nnc_v4_sigmoid(nnc_v4_splat(x)), 0);
            if (t == t || s == s || nnc_sigmoid(x) == nnc_sigmoid(x))
                fail("NaN is lost", x, t);
        }
    }
#endif
    if (failures != 0)
        printf("%d failures\n", failures);
    return failures != 0;
}

/* check_accuracy: the runtime's tanh, sigmoid and exp over float32, against double precision, in every vector layer that
 * this machine has.
 *
 *     check_accuracy           every 1021st float32 and all around the places where something changes: a few seconds
 *     check_accuracy all       every float32 there is: some minutes
 *
 * Checks what the runtime promises: absolute error, range, exact saturation, oddness, the relative error near 0,
 * monotony up to the error, NaN and infinity, that layers with the same madd agree to the bit, and that exp is within
 * 2 ulp and the sigmoid made of it within 4. (The other functions: check_accuracy_functions.) Under -ffast-math only
 * errors, range and saturation are checked. Prints the measured errors; the exit status is 1 if a promise is broken. */
#define NNC_WIDE_VECTORS 1
#include "nnc_runtime.h"
#include "layers_here.h"
#include "ulp.h"

#include <stdio.h>
#include <stdlib.h>

#if STRICT
#define TOLERANCE 1.56e-7 /* what the header states, for tanh; sigmoid's is less */
#define EXP_ULPS 2.0
#define SIGMOID_ULPS 4.0
#else
#define TOLERANCE 3e-7 /* the contract's */
#define EXP_ULPS 4.0
#define SIGMOID_ULPS 5.0 /* its division may be an approximate reciprocal */
#endif

static int failures;

static void fail(const char *what, float x, float got) {
    if (++failures <= 20)
        printf("FAILED: %s at x = %.9g (%a): got %.9g (%a)\n", what, (double)x, (double)x, (double)got, (double)got);
}

/* --- the layers, each as functions on 16 floats --- */

enum { TANH, SIGMOID, EXP, SIGMOID_BY_EXP, FUNCTIONS };
static const char *const function_names[FUNCTIONS] = {"tanh", "sigmoid", "exp", "sigmoid_by_exp"};

typedef void on_block(const float x[16], float y[16]);

#define ON_BLOCK(TARGET, V, LANES, NAME)                            \
    TARGET static void V##_##NAME##_16(const float x[16], float y[16]) { \
        size_t i;                                                   \
        for (i = 0; i < 16; i += LANES)                             \
            V##_store(y + i, V##_##NAME(V##_load(x + i)));          \
    }
#define ON_BLOCKS(TARGET, V, LANES)      \
    ON_BLOCK(TARGET, V, LANES, tanh)     \
    ON_BLOCK(TARGET, V, LANES, sigmoid)  \
    ON_BLOCK(TARGET, V, LANES, exp)      \
    ON_BLOCK(TARGET, V, LANES, sigmoid_by_exp)
#define LAYER(V) {#V, {V##_tanh_16, V##_sigmoid_16, V##_exp_16, V##_sigmoid_by_exp_16}, {{0, 0, 0, 0}}, -1.0f, 0.0f, 1.0f}

typedef struct {
    const char *name;
    on_block *functions[FUNCTIONS];
    worst worst[FUNCTIONS];
    float last_tanh, last_up, last_down; /* extremes so far of tanh(x), sigmoid(x), sigmoid(-x) as x grows */
} layer;

ON_BLOCKS(NNC_TARGET_V4, nnc_v4, 4)
#if NNC_HAS_V8
ON_BLOCKS(NNC_TARGET_V8, nnc_v8, 8)
#endif
#if NNC_HAS_V16
ON_BLOCKS(NNC_TARGET_V16, nnc_v16, 16)
#endif

static layer layers[] = {
    LAYER(nnc_v4),
#if NNC_HAS_V8
    LAYER(nnc_v8),
#endif
#if NNC_HAS_V16
    LAYER(nnc_v16),
#endif
};
static size_t layer_count; /* how many of them this machine runs */

/* --- one block of 16 magnitudes, ascending; the negative ones are checked beside them --- */

typedef struct {
    double tanh, up, down, exp_up, exp_down; /* of x; of x and -x */
} wanted;

/* The outer branches save time: they are exact to double precision. */
static wanted reference(double x) {
    wanted w;
    w.exp_up = x < 1e-9 ? 1.0 + x : x < 100.0 ? exp(x) : 1e300;
    w.exp_down = x < 1e-9 ? 1.0 - x : x < 120.0 ? exp(-x) : 0.0;
    if (x < 1e-4) {
        w.tanh = x - x * x * x / 3.0;
        w.up = 0.5 + (x / 4.0 - x * x * x / 48.0);
        w.down = 0.5 - (x / 4.0 - x * x * x / 48.0);
    } else {
        w.tanh = x < 20.0 ? (1.0 - w.exp_down * w.exp_down) / (1.0 + w.exp_down * w.exp_down) : 1.0;
        if (x < 0.1)
            w.tanh = tanh(x);
        w.up = 1.0 / (1.0 + w.exp_down);
        w.down = w.exp_down / (1.0 + w.exp_down);
    }
    return w;
}

static void check_gates(layer *l, float x, const wanted *w, float t, float negative, float up, float down) {
    if (!(t >= 0.0f && t <= 1.0f))
        fail("tanh is outside [-1, 1]", x, t);
    if (!(up >= 0.0f && up <= 1.0f) || !(down >= 0.0f && down <= 1.0f))
        fail("sigmoid is outside [0, 1]", x, up);
    if ((float)w->tanh == 1.0f && (t != 1.0f || negative != -1.0f))
        fail("tanh is not saturated", x, t);
    if ((float)w->up == 1.0f && up != 1.0f)
        fail("sigmoid is not saturated", x, up);
    if ((float)w->down == 0.0f && down != 0.0f)
        fail("sigmoid is not 0", -x, down);
    if ((double)l->last_tanh - (double)t > TOLERANCE || (double)l->last_up - (double)up > TOLERANCE ||
        (double)down - (double)l->last_down > TOLERANCE)
        fail("a decrease larger than the error", x, t);
    l->last_tanh = t > l->last_tanh ? t : l->last_tanh;
    l->last_up = up > l->last_up ? up : l->last_up;
    l->last_down = down < l->last_down ? down : l->last_down;
#if STRICT
    if (bits_of(negative) != (bits_of(t) ^ 0x80000000u))
        fail("tanh is not odd", x, negative);
    if (x < 1e-4f && !(fabs((double)t - (double)x) * per_ulp((double)x) <= 2.0))
        fail("tanh(x) is not x within 2 ulp", x, t);
#endif
}

static void check_block(const float x[16]) {
    float minus_x[16], up[3][FUNCTIONS][16], down[3][FUNCTIONS][16];
    wanted w[16];
    size_t i, j, f;
    for (i = 0; i < 16; i++) {
        minus_x[i] = -x[i];
        w[i] = reference((double)x[i]);
    }
    for (j = 0; j < layer_count; j++) {
        layer *l = &layers[j];
        for (f = 0; f < FUNCTIONS; f++) {
            l->functions[f](x, up[j][f]);
            l->functions[f](minus_x, down[j][f]);
        }
        for (i = 0; i < 16; i++) {
            measure(&l->worst[TANH], x[i], up[j][TANH][i], w[i].tanh);
            measure(&l->worst[SIGMOID], x[i], up[j][SIGMOID][i], w[i].up);
            measure(&l->worst[SIGMOID], minus_x[i], down[j][SIGMOID][i], w[i].down);
            check_gates(l, x[i], &w[i], up[j][TANH][i], down[j][TANH][i], up[j][SIGMOID][i], down[j][SIGMOID][i]);
            if (!STRICT && (x[i] < 1e-30f || x[i] > 87.0f)) /* -ffast-math may flush denormals to 0 */
                continue;
            measure(&l->worst[EXP], x[i], up[j][EXP][i], w[i].exp_up);
            measure(&l->worst[EXP], minus_x[i], down[j][EXP][i], w[i].exp_down);
            if (!STRICT && x[i] > 69.0f) /* nor are divisions of tiny numbers precise then */
                continue;
            measure(&l->worst[SIGMOID_BY_EXP], x[i], up[j][SIGMOID_BY_EXP][i], w[i].up);
            measure(&l->worst[SIGMOID_BY_EXP], minus_x[i], down[j][SIGMOID_BY_EXP][i], w[i].down);
        }
    }
#if STRICT
    for (i = 0; i < 16 && NNC_V1_FUSES == NNC_V4_FUSES; i++) {
        if (bits_of(nnc_v1_tanh(x[i])) != bits_of(up[0][TANH][i]) ||
            bits_of(nnc_v1_sigmoid(x[i])) != bits_of(up[0][SIGMOID][i]) ||
            bits_of(nnc_v1_exp(x[i])) != bits_of(up[0][EXP][i]) ||
            bits_of(nnc_v1_exp(minus_x[i])) != bits_of(down[0][EXP][i]))
            fail("nnc_v1 differs from nnc_v4", x[i], nnc_v1_tanh(x[i]));
    }
    if (layer_count == 3 && (memcmp(up[1], up[2], sizeof up[1]) != 0 || memcmp(down[1], down[2], sizeof down[1]) != 0))
        fail("nnc_v8 differs from nnc_v16 beside this", x[0], up[2][0][0]);
#endif
}

static void report(const char *layer_name, const char *name, const worst *w, int relative) {
    printf("    %-8s %-15s", layer_name, name);
    if (!relative)
        printf(" largest error %.3g at %.9g", w->error, (double)w->error_at);
    if (relative || w->ulps < 100.0)
        printf("%s %.2f ulp at %.9g", relative ? "" : ",", w->ulps, (double)w->ulps_at);
    printf("\n");
}

static void check_range(uint32_t first, uint32_t last, uint32_t step) {
    float x[16];
    uint32_t bits;
    size_t i, j, f;
    for (j = 0; j < layer_count; j++) {
        layers[j].last_tanh = -1.0f, layers[j].last_up = 0.0f, layers[j].last_down = 1.0f;
        for (f = 0; f < FUNCTIONS; f++) {
            const worst none = {0, 0, 0, 0};
            layers[j].worst[f] = none;
        }
    }
    for (bits = first; bits <= last; bits += 16 * step) {
        for (i = 0; i < 16; i++)
            x[i] = float_of(bits + (uint32_t)i * step <= last ? bits + (uint32_t)i * step : last);
        check_block(x);
    }
    printf("%.9g to %.9g\n", (double)float_of(first), (double)float_of(last));
    for (j = 0; j < layer_count; j++) {
        const worst *w = layers[j].worst;
        for (f = 0; f < FUNCTIONS; f++)
            report(layers[j].name, function_names[f], &w[f], f == EXP || f == SIGMOID_BY_EXP);
        if (w[TANH].error > TOLERANCE || w[SIGMOID].error > TOLERANCE)
            fail("absolute error", w[TANH].error_at, nnc_v1_tanh(w[TANH].error_at));
        if (STRICT && w[TANH].ulps > 5.0)
            fail("too many ulp in tanh", w[TANH].ulps_at, nnc_v1_tanh(w[TANH].ulps_at));
        if (w[EXP].ulps > EXP_ULPS || w[SIGMOID_BY_EXP].ulps > SIGMOID_ULPS)
            fail("too many ulp in exp or sigmoid_by_exp", w[EXP].ulps_at, nnc_v1_exp(w[EXP].ulps_at));
    }
}

#if STRICT
static void check_nan(void) {
    const uint32_t nans[4] = {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu};
    size_t i, j, f, k;
    for (k = 0; k < 4; k++) {
        float x[16], y[16];
        for (i = 0; i < 16; i++)
            x[i] = float_of(nans[k]);
        for (j = 0; j < layer_count; j++)
            for (f = 0; f < FUNCTIONS; f++) {
                layers[j].functions[f](x, y);
                for (i = 0; i < 16; i++)
                    if (y[i] == y[i])
                        fail("NaN is lost", x[i], y[i]);
            }
        if (nnc_v1_exp(x[0]) == nnc_v1_exp(x[0]))
            fail("NaN is lost", x[0], nnc_v1_exp(x[0]));
    }
}
#endif

int main(int argc, char **argv) {
    const uint32_t infinity = 0x7f800000u, one_thousandth = 0x3a83126fu, twenty = 0x41a00000u;
    size_t i;
    int all = argc == 2 && strcmp(argv[1], "all") == 0;
    if (argc > 1 && !all) {
        fprintf(stderr, "usage: check_accuracy [all]\n");
        return 2;
    }
    for (i = 0; i < sizeof layers / sizeof layers[0]; i++)
        layer_count += (size_t)layer_is_here(layers[i].name, (int)i); /* one layer an instruction set */
    if (all) {
        check_range(0, STRICT ? infinity : infinity - 1, 1);
    } else {
        check_range(0, STRICT ? infinity : infinity - 1, 1021);
        check_range(one_thousandth, twenty, 101);
        check_range(bits_of(8.5f), bits_of(9.1f), 1);      /* tanh saturates */
        check_range(bits_of(17.2f), bits_of(18.1f), 1);    /* sigmoid saturates */
        check_range(bits_of(87.0f), bits_of(105.0f), 3);   /* exp leaves the range of float */
    }
#if STRICT
    check_nan();
#endif
    if (failures != 0)
        printf("%d failures\n", failures);
    return failures != 0;
}

/* check_accuracy_functions: the runtime's functions of one argument over float32, against double precision, in every
 * vector layer that this machine has.
 *
 *     check_accuracy_functions                  every 1021st float32 and the hardest ones: a few seconds
 *     check_accuracy_functions all              every float32 there is: half an hour; docs/accuracy.md has its table
 *     check_accuracy_functions all gelu log     the same for these functions alone
 *
 * Prints a table: for each function and layer the largest error in ulp (ulp.h), the argument where it is, and the
 * largest absolute error among results of at most 1. Checks that no function is off by more ulp than the table of
 * functions below allows, that NaN stays and infinities give what PyTorch gives, and that layers whose madd rounds once
 * agree to the bit. The exit status is 1 if one of these fails.
 * Under -ffast-math twice the error is allowed, and denormals, infinities and NaN are left out. */
#define NNC_WIDE_VECTORS 1
#include "nnc_runtime.h"
#include "layers_here.h"
#include "ulp.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

/* --- what the functions are, in double precision; series and limits, exact to 1e-15, save time --- */

static double want_exp(double x) {
    return fabs(x) < 1e-8 ? 1 + x : x < -120 ? 0 : x > 100 ? 1e300 : exp(x);
}
static double want_expm1(double x) {
    return fabs(x) < 1e-5 ? x + x * x * (0.5 + x / 6) : x < -40 ? -1 : expm1(x);
}
static double want_tanh(double x) { return fabs(x) < 1e-4 ? x - x * x * x / 3 : x < -20 ? -1 : x > 20 ? 1 : tanh(x); }
static double want_sigmoid(double x) {
    return fabs(x) < 1e-4 ? 0.5 + x * (0.25 - x * x / 48) : x < 0 ? want_exp(x) / (1 + want_exp(x)) : 1 / (1 + want_exp(-x));
}
static double want_log(double x) { return log(x); }
static double want_sqrt(double x) { return sqrt(x); }
static double want_silu(double x) { return x * want_sigmoid(x); }
static double want_gelu(double x) {
    if (fabs(x) < 1e-5)
        return x * (0.5 + x * 0.39894228040143267794);
    return x > 10 ? x : x < -20 ? 0 : 0.5 * x * erfc(-x * 0.70710678118654752440);
}
static double want_gelu_tanh(double x) { return x * want_sigmoid(1.5957691216057307117 * (x + 0.044715 * x * x * x)); }
static double want_softplus(double x) {
    if (fabs(x) < 1e-5)
        return 0.69314718055994530942 + x * (0.5 + x / 8);
    return x > 20 ? x : x < -120 ? 0 : x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}
static double want_elu(double x) { return x > 0 ? x : want_expm1(x); }
static double want_selu(double x) { return 1.0507009873554804934 * (x > 0 ? x : 1.6732632423543772848 * want_expm1(x)); }
static double want_abs(double x) { return fabs(x); }
static double want_relu(double x) { return x > 0 ? x : 0; }
static double want_relu6(double x) { return x > 6 ? 6 : want_relu(x); }
static double want_hardtanh(double x) { return x > 1 ? 1 : x < -1 ? -1 : x; }
static double want_leaky_relu(double x) { return x > 0 ? x : (double)0.01f * x; }
static double want_softsign(double x) { return x / (1 + fabs(x)); }
static double want_hard_sigmoid(double x) { return x < -2.5 ? 0 : x > 2.5 ? 1 : 0.2 * x + 0.5; }

static double want_mish(double x) {
    double e = want_exp(-fabs(x));
    return x > 0 ? x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e) : x * (e * (2 + e)) / (2 + 2 * e + e * e);
}
static double want_celu(double x) { return x > 0 ? x : 0.7f * want_expm1(x / 0.7f); }
static double want_hardsigmoid(double x) { return x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6; }
static double want_hardswish(double x) { return x * want_hardsigmoid(x); }
static double want_logsigmoid(double x) { return -want_softplus(-x); }
static double want_tanhshrink(double x) {
    double u = x * x;
    if (fabs(x) < 0.05)
        return x * u * (1.0 / 3 - u * (2.0 / 15 - u * (17.0 / 315 - u * (62.0 / 2835 - u * 1382.0 / 155925))));
    return x - tanh(x);
}
static double want_hardshrink(double x) { return fabs(x) <= 0.5 ? 0 : x; }
static double want_softshrink(double x) { return x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0; }
static double want_threshold(double x) { return x <= (double)0.1f ? 20 : x; }
static double want_exp2(double x) { return x < -160 ? 0 : x > 130 ? 1e300 : exp2(x); }
static double want_exp_minus_1(double x) { return x > 100 ? 1e300 : want_expm1(x); }
static double want_log2(double x) { return log2(x); }
static double want_log10(double x) { return log10(x); }
static double want_log1p(double x) { return log1p(x); }
static double want_rsqrt(double x) { return 1 / sqrt(x); }
static double want_reciprocal(double x) { return 1 / x; }
static double want_sin(double x) { return sin(x); }
static double want_cos(double x) { return cos(x); }
static double want_atan(double x) { return atan(x); }
static double want_erf(double x) { return fabs(x) < 1e-9 ? x * 1.12837916709551257390 : erf(x); }
static double want_floor(double x) { return floor(x); }
static double want_ceil(double x) { return ceil(x); }
static double want_trunc(double x) { return trunc(x); }
static double want_round(double x) { return nearbyint(x); }
static double want_sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

/* --- the layers, each as functions on 16 floats --- */

enum { LAYERS = 3 };
typedef void on_block(const float x[16], float y[16]);

#define ON_BLOCK(TARGET, V, LANES, NAME, CALL)                      \
    TARGET static void V##_##NAME##_16(const float x[16], float y[16]) { \
        size_t i;                                                   \
        for (i = 0; i < 16; i += LANES) {                           \
            V v = V##_load(x + i);                                  \
            V##_store(y + i, CALL);                                 \
        }                                                           \
    }
#define ON_BLOCKS(TARGET, V, LANES)                                          \
    ON_BLOCK(TARGET, V, LANES, tanh, V##_tanh_by_exp(v))                     \
    ON_BLOCK(TARGET, V, LANES, sigmoid, V##_sigmoid_by_exp(v))               \
    ON_BLOCK(TARGET, V, LANES, exp, V##_exp(v))                              \
    ON_BLOCK(TARGET, V, LANES, log, V##_log(v))                              \
    ON_BLOCK(TARGET, V, LANES, sqrt, V##_sqrt(v))                            \
    ON_BLOCK(TARGET, V, LANES, gelu, V##_gelu(v))                            \
    ON_BLOCK(TARGET, V, LANES, gelu_tanh, V##_gelu_tanh(v))                  \
    ON_BLOCK(TARGET, V, LANES, silu, V##_silu(v))                            \
    ON_BLOCK(TARGET, V, LANES, softplus, V##_softplus(v, 1.0f, 20.0f))       \
    ON_BLOCK(TARGET, V, LANES, elu, V##_elu(v, 1.0f))                        \
    ON_BLOCK(TARGET, V, LANES, selu, V##_selu(v))                            \
    ON_BLOCK(TARGET, V, LANES, abs, V##_abs(v))                              \
    ON_BLOCK(TARGET, V, LANES, relu, V##_relu(v))                            \
    ON_BLOCK(TARGET, V, LANES, relu6, V##_relu6(v))                          \
    ON_BLOCK(TARGET, V, LANES, hardtanh, V##_hardtanh(v, -1.0f, 1.0f))       \
    ON_BLOCK(TARGET, V, LANES, leaky_relu, V##_leaky_relu(v, 0.01f))         \
    ON_BLOCK(TARGET, V, LANES, softsign, V##_softsign(v))                    \
    ON_BLOCK(TARGET, V, LANES, hard_sigmoid, V##_hard_sigmoid(v))            \
    ON_BLOCK(TARGET, V, LANES, mish, V##_mish(v))                            \
    ON_BLOCK(TARGET, V, LANES, celu, V##_celu(v, 0.7f))                      \
    ON_BLOCK(TARGET, V, LANES, hardsigmoid, V##_hardsigmoid(v))              \
    ON_BLOCK(TARGET, V, LANES, hardswish, V##_hardswish(v))                  \
    ON_BLOCK(TARGET, V, LANES, logsigmoid, V##_logsigmoid(v))                \
    ON_BLOCK(TARGET, V, LANES, tanhshrink, V##_tanhshrink(v))                \
    ON_BLOCK(TARGET, V, LANES, hardshrink, V##_hardshrink(v, 0.5f))          \
    ON_BLOCK(TARGET, V, LANES, softshrink, V##_softshrink(v, 0.5f))          \
    ON_BLOCK(TARGET, V, LANES, threshold, V##_threshold(v, 0.1f, 20.0f))     \
    ON_BLOCK(TARGET, V, LANES, exp2, V##_exp2(v))                            \
    ON_BLOCK(TARGET, V, LANES, exp_minus_1, V##_exp_minus_1(v))              \
    ON_BLOCK(TARGET, V, LANES, log2, V##_log2(v))                            \
    ON_BLOCK(TARGET, V, LANES, log10, V##_log10(v))                          \
    ON_BLOCK(TARGET, V, LANES, log1p, V##_log1p(v))                          \
    ON_BLOCK(TARGET, V, LANES, rsqrt, V##_rsqrt(v))                          \
    ON_BLOCK(TARGET, V, LANES, reciprocal, V##_reciprocal(v))                \
    ON_BLOCK(TARGET, V, LANES, sin, V##_sin(v))                              \
    ON_BLOCK(TARGET, V, LANES, cos, V##_cos(v))                              \
    ON_BLOCK(TARGET, V, LANES, atan, V##_atan(v))                            \
    ON_BLOCK(TARGET, V, LANES, erf, V##_erf(v))                              \
    ON_BLOCK(TARGET, V, LANES, floor, V##_floor(v))                          \
    ON_BLOCK(TARGET, V, LANES, ceil, V##_ceil(v))                            \
    ON_BLOCK(TARGET, V, LANES, trunc, V##_trunc(v))                          \
    ON_BLOCK(TARGET, V, LANES, round, V##_round(v))                          \
    ON_BLOCK(TARGET, V, LANES, sign, V##_sign(v))

ON_BLOCKS(NNC_TARGET_V4, nnc_v4, 4)
#define IN_V4(NAME) nnc_v4_##NAME##_16
#if NNC_HAS_V8
ON_BLOCKS(NNC_TARGET_V8, nnc_v8, 8)
#define IN_V8(NAME) nnc_v8_##NAME##_16
#else
#define IN_V8(NAME) NULL
#endif
#if NNC_HAS_V16
ON_BLOCKS(NNC_TARGET_V16, nnc_v16, 16)
#define IN_V16(NAME) nnc_v16_##NAME##_16
#else
#define IN_V16(NAME) NULL
#endif

typedef struct {
    const char *name;
    double ulps;                          /* allowed */
    double (*want)(double);
    on_block *layers[LAYERS];
    float at_infinity, at_minus_infinity; /* what PyTorch gives */
    float hardest[2];                     /* where the largest errors are, if madd rounds twice and if once */
} function;

#define FUNCTION(NAME, ULPS, UP, DOWN, HARD_V4, HARD) \
    {#NAME, ULPS, want_##NAME, {IN_V4(NAME), IN_V8(NAME), IN_V16(NAME)}, UP, DOWN, {HARD_V4, HARD}}
static const function functions[] = {
    FUNCTION(tanh, 4.0, 1.0f, -1.0f, 0.0617980696f, 0.0624158792f),
    FUNCTION(sigmoid, 4.0, 1.0f, 0.0f, -4.84468031f, -4.84468031f),
    FUNCTION(exp, 2.0, INFINITY, 0.0f, -86.9595718f, -84.8645859f),
    FUNCTION(log, 4.0, INFINITY, NAN, 1.00386178f, 1.00386178f),
    FUNCTION(sqrt, 0.5, INFINITY, NAN, 4.70197712e-38f, 4.70197712e-38f),
    FUNCTION(gelu, 4.0, INFINITY, NAN, -1.32412457f, -1.31260157f),
    FUNCTION(gelu_tanh, 4.0, INFINITY, NAN, -1.82534254f, -1.82534254f),
    FUNCTION(silu, 4.0, INFINITY, NAN, -3.20855141f, -3.20855141f),
    FUNCTION(softplus, 4.0, INFINITY, 0.0f, -3.45473814f, -3.45473814f),
    FUNCTION(elu, 4.0, INFINITY, -1.0f, -0.350990087f, -0.380857676f),
    FUNCTION(selu, 4.0, INFINITY, -1.75809934f, -0.152598947f, -0.1509303f),
    FUNCTION(abs, 0.0, INFINITY, INFINITY, 0.0f, 0.0f),
    FUNCTION(relu, 0.0, INFINITY, 0.0f, 0.0f, 0.0f),
    FUNCTION(relu6, 0.0, 6.0f, 0.0f, 0.0f, 0.0f),
    FUNCTION(hardtanh, 0.0, 1.0f, -1.0f, 0.0f, 0.0f),
    FUNCTION(leaky_relu, 0.5, INFINITY, -INFINITY, -3.76158192e-37f, -3.76158192e-37f),
    FUNCTION(softsign, 4.0, NAN, NAN, 2047.37488f, 2047.37488f), /* infinity / infinity */
    FUNCTION(hard_sigmoid, 4.0, 1.0f, 0.0f, -1.54972076e-06f, -1.54972076e-06f),
    FUNCTION(mish, 4.0, INFINITY, NAN, 0.0f, 0.0f),
    FUNCTION(celu, 4.0, INFINITY, -0.7f, 0.0f, 0.0f),
    FUNCTION(hardsigmoid, 4.0, 1.0f, 0.0f, 0.0f, 0.0f),
    FUNCTION(hardswish, 4.0, INFINITY, NAN, 0.0f, 0.0f),
    FUNCTION(logsigmoid, 4.0, 0.0f, -INFINITY, 0.0f, 0.0f),
    FUNCTION(tanhshrink, 4.0, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(hardshrink, 0.0, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(softshrink, 0.5, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(threshold, 0.0, INFINITY, 20.0f, 0.0f, 0.0f),
    FUNCTION(exp2, 4.0, INFINITY, 0.0f, 0.0f, 0.0f),
    FUNCTION(exp_minus_1, 4.0, INFINITY, -1.0f, 0.0f, 0.0f),
    FUNCTION(log2, 4.0, INFINITY, NAN, 0.0f, 0.0f),
    FUNCTION(log10, 4.0, INFINITY, NAN, 0.0f, 0.0f),
    FUNCTION(log1p, 4.0, INFINITY, NAN, 0.0f, 0.0f),
    FUNCTION(rsqrt, 4.0, 0.0f, NAN, 0.0f, 0.0f),
    FUNCTION(reciprocal, 0.5, 0.0f, 0.0f, 0.0f, 0.0f),
    FUNCTION(sin, 4.0, NAN, NAN, 0.0f, 0.0f),
    FUNCTION(cos, 4.0, NAN, NAN, 0.0f, 0.0f),
    FUNCTION(atan, 4.0, 1.57079637f, -1.57079637f, 0.0f, 0.0f),
    FUNCTION(erf, 4.0, 1.0f, -1.0f, 0.0f, 0.0f),
    FUNCTION(floor, 0.0, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(ceil, 0.0, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(trunc, 0.0, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(round, 0.0, INFINITY, -INFINITY, 0.0f, 0.0f),
    FUNCTION(sign, 0.0, 1.0f, -1.0f, 0.0f, 0.0f),
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };
static const char *const layer_names[LAYERS] = {"nnc_v4", "nnc_v8", "nnc_v16"};
static size_t layer_count; /* how many of them this machine runs */

/* --- measuring --- */

static int failures;

static void fail(const char *name, const char *layer, const char *what, float x, float got) {
    if (++failures <= 20)
        printf("FAILED: %s of %s: %s at x = %.9g (%a): got %.9g (%a)\n", name, layer, what, (double)x, (double)x,
               (double)got, (double)got);
}

/* Could a value of the block raise w? Without branches, for most blocks do not. */
static int is_worse(const worst *w, const float got[16], const double want[16], const double per[16]) {
    int worse = 0;
    size_t i;
    for (i = 0; i < 16; i++) {
        double error = fabs((double)got[i] - want[i]);
        worse |= (!(error * per[i] <= w->ulps)) | ((fabs(want[i]) <= 1.0) & (error > w->error));
    }
    return worse;
}

static void check_block(const function *f, const float x[16], worst w[LAYERS]) {
    float y[LAYERS][16];
    double want[16], per[16];
    size_t i, j;
    for (j = 0; j < layer_count; j++)
        f->layers[j](x, y[j]);
    for (i = 0; i < 16; i++) {
        want[i] = f->want((double)x[i]);
        per[i] = per_ulp(want[i]);
    }
    for (j = 0; j < layer_count; j++) {
        if (!is_worse(&w[j], y[j], want, per))
            continue;
        for (i = 0; i < 16; i++) {
            double size = fabs(want[i]);
            /* -ffast-math: no negative logarithms, and tiny numbers may be 0 */
            if (STRICT || (size > 1e-30 && size < 1e30 && fabs(x[i]) > 1e-30f && fabs(x[i]) < 1e30f))
                measure(&w[j], x[i], y[j][i], want[i]);
        }
    }
#if STRICT
    if (layer_count == 3 && memcmp(y[1], y[2], sizeof y[1]) != 0)
        fail(f->name, "nnc_v8", "differs from nnc_v16 beside this", x[0], y[1][0]);
#endif
}

/* Both signs of every step-th magnitude from first to last, these two among them. */
static void check_range(const function *f, uint32_t first, uint32_t last, uint32_t step, worst w[LAYERS]) {
    uint32_t bits;
    for (bits = first; bits <= last; bits += 16 * step) {
        float x[16], minus_x[16];
        uint32_t i;
        for (i = 0; i < 16; i++) {
            x[i] = float_of(bits + i * step <= last ? bits + i * step : last);
            minus_x[i] = -x[i];
        }
        check_block(f, x, w);
        check_block(f, minus_x, w);
    }
}

static void check_function(const function *f, uint32_t step) {
    worst w[LAYERS] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}};
    size_t j;
    check_range(f, 0, bits_of(FLT_MAX), step, w);
    for (j = 0; j < 2; j++) {
        uint32_t hardest = bits_of(fabsf(f->hardest[j]));
        check_range(f, hardest > 1000 ? hardest - 1000 : 0, hardest + 1000, 1, w);
    }
    for (j = 0; j < layer_count; j++) {
        printf("%-13s %-8s %6.2f ulp at %-15.9g %9.2e\n", f->name, layer_names[j], w[j].ulps, (double)w[j].ulps_at,
               w[j].error);
        if (w[j].ulps > f->ulps * (STRICT ? 1.0 : 2.0) + (STRICT ? 0.0 : 2.0))
            fail(f->name, layer_names[j], "too many ulp", w[j].ulps_at, 0.0f);
    }
    fflush(stdout);
}

#if STRICT
static int is_same(float a, float b) { return a == b || (a != a && b != b); }

static void check_limits(const function *f) {
    const uint32_t nans[4] = {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu};
    float x[16], y[16];
    size_t i, j, k;
    for (j = 0; j < layer_count; j++) {
        for (k = 0; k < 16; k++)
            x[k] = k % 2 == 0 ? INFINITY : -INFINITY;
        f->layers[j](x, y);
        for (i = 0; i < 16; i++)
            if (!is_same(y[i], i % 2 == 0 ? f->at_infinity : f->at_minus_infinity))
                fail(f->name, layer_names[j], "infinity", x[i], y[i]);
        for (k = 0; k < 4; k++) {
            for (i = 0; i < 16; i++)
                x[i] = float_of(nans[k]);
            f->layers[j](x, y);
            for (i = 0; i < 16; i++)
                if (y[i] == y[i] && strcmp(f->name, "sign") != 0) /* torch.sign of a NaN is 0 */
                    fail(f->name, layer_names[j], "NaN is lost", x[i], y[i]);
        }
    }
}

/* torch.tanh and torch.sigmoid: in range, odd, and saturated where the correctly rounded result is. */
static void check_saturation(void) {
    const float at[4] = {9.01091385f, 17.3286819f, 104.0f, 3e38f};
    size_t i, j, k;
    for (j = 0; j < layer_count; j++)
        for (k = 0; k < 4; k++) {
            float x[16], y[16], z[16];
            for (i = 0; i < 16; i++)
                x[i] = i % 2 == 0 ? at[k] : -at[k];
            functions[0].layers[j](x, y);
            functions[1].layers[j](x, z);
            if (y[0] != 1.0f || y[1] != -1.0f)
                fail("tanh", layer_names[j], "not saturated", x[0], y[0]);
            if ((k >= 1 && z[0] != 1.0f) || (k >= 2 && z[1] != 0.0f))
                fail("sigmoid", layer_names[j], "not saturated", x[0], z[0]);
        }
}
#endif

static int is_wanted(const char *name, char **names, int count) {
    int i;
    for (i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return 1;
    return count == 0;
}

int main(int argc, char **argv) {
    int all = argc > 1 && strcmp(argv[1], "all") == 0, checked = 0;
    size_t i;
    for (i = 0; i < LAYERS; i++) layer_count += (size_t)layer_is_here(layer_names[i], (int)i);
    for (i = 0; i < FUNCTIONS; i++) {
        if (!is_wanted(functions[i].name, argv + 1 + all, argc - 1 - all))
            continue;
        checked++;
        check_function(&functions[i], all ? 1 : 1021);
#if STRICT
        check_limits(&functions[i]);
#endif
    }
    if (checked == 0) {
        fprintf(stderr, "usage: check_accuracy_functions [all] [FUNCTION ...]\n");
        return 2;
    }
#if STRICT
    check_saturation();
#endif
    if (failures != 0)
        printf("%d failures\n", failures);
    return failures != 0;
}

/* function: the table of functions of one argument, and what their formulas are written with. */
#include "ir/function.h"

#include <math.h>
#include <string.h>

/* torch.nn.SELU's documentation has these constants. */
#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717

double ir_larger(double x, double y) { return isnan(x) || x > y ? x : y; }

double ir_smaller(double x, double y) { return isnan(x) || x < y ? x : y; }

static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* The distribution function of the normal distribution, and its density. */
static double normal(double x) { return 0.5 * (1 + erf(x / sqrt(2.0))); }

static double normal_density(double x) { return exp(-0.5 * x * x) / sqrt(2 * acos(-1.0)); }

static double gelu_inner(double x) { return sqrt(2 / acos(-1.0)) * (x + 0.044715 * x * x * x); }

static double gelu_tanh_slope(double x) {
    double t = tanh(gelu_inner(x)), inner_slope = sqrt(2 / acos(-1.0)) * (1 + 3 * 0.044715 * x * x);
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner_slope;
}

static double mish_slope(double x) {
    double t = tanh(log1p(exp(x)));
    return t + x * (1 - t * t) * sigmoid(x);
}

#define FUNCTION(NAME, text, module, types, parameters, inplace, vector, value, slope) \
    static double value_of_##NAME(double x, const double *p) {                         \
        const double a = p[0], b = p[1];                                               \
        (void)x, (void)a, (void)b;                                                     \
        return value;                                                                  \
    }                                                                                  \
    static double slope_of_##NAME(double x, const double *p) {                         \
        const double a = p[0], b = p[1];                                               \
        (void)x, (void)a, (void)b;                                                     \
        return slope;                                                                  \
    }
#include "ir/function.def"

#define P0                             {{NULL, IR_ANY, 0}}
#define P1(name, domain, value)        {{name, IR_##domain, value}}
#define P2(name, domain, value, name2, domain2, value2) \
    {{name, IR_##domain, value}, {name2, IR_##domain2, value2}}
#define INPLACE  true
#define NO       false

static const ir_function functions[IR_OP_COUNT] = {
#define FUNCTION(NAME, text, module, types, parameters, inplace, vector, value, slope) \
    [IR_##NAME] = {text, module, vector, IR_##types, inplace, parameters, value_of_##NAME, slope_of_##NAME},
#include "ir/function.def"
};

const ir_function *ir_function_of(ir_op op) {
    if ((unsigned)op >= IR_OP_COUNT) ice("operator number %u", (unsigned)op);
    return functions[op].name ? &functions[op] : NULL;
}

unsigned ir_function_parameter_count(const ir_function *f) {
    unsigned count = 0;
    while (count < IR_FUNCTION_PARAMETERS && f->parameters[count].name) count++;
    return count;
}

ir_op ir_function_find(const char *name) {
    for (unsigned i = 0; i < IR_OP_COUNT; i++)
        if (functions[i].name && strcmp(functions[i].name, name) == 0) return (ir_op)i;
    return (ir_op)0;
}

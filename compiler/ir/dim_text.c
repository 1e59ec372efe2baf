/* dim_text: dims as a .nn file writes them, and their values. */
#include "ir/dim_table.h"

#include <inttypes.h>
#include <limits.h>

#include "support/ice.h"

static void print_terms(const dim *d, unsigned most, text *to);

/* alone: nothing is multiplied with the factor and no sign stands before it. `2*(T//2)` is not `2*T//2`. */
static void print_factor(const dim *f, bool alone, unsigned most, text *to) {
    if (f->kind == DIM_SYMBOL) {
        text_add(to, f->name);
        return;
    }
    if (!alone) text_add(to, "(");
    if (f->numerator->kind != DIM_SYMBOL) text_add(to, "(");
    print_terms(f->numerator, most, to);
    if (f->numerator->kind != DIM_SYMBOL) text_add(to, ")");
    text_printf(to, f->kind == DIM_FLOORDIV ? "//%" PRId64 : " mod %" PRId64, f->by);
    if (!alone) text_add(to, ")");
}

/* Of more terms than `most` the first of them. */
static void print_terms(const dim *d, unsigned most, text *to) {
    if (dim_is_huge(d)) text_printf(to, "(%s)", d->name);
    else if (!d->term_count) text_add(to, "0");
    unsigned shown = d->term_count <= most ? d->term_count : most - 1;
    for (unsigned i = 0; i < shown; i++) {
        const dim_term *term = &d->terms[i];
        bool negative = term->coefficient < 0;
        if (i) text_add(to, negative ? " - " : " + ");
        else if (negative) text_add(to, "-");
        int64_t size = negative ? -term->coefficient : term->coefficient;
        if (size != 1 || !term->factor_count) text_printf(to, "%" PRId64, size);
        bool alone = size == 1 && term->factor_count == 1 && !(negative && i == 0);
        for (unsigned j = 0; j < term->factor_count; j++) {
            if (j || size != 1) text_add(to, "*");
            print_factor(term->factors[j], alone, most, to);
        }
    }
    if (shown < d->term_count) text_printf(to, " + … and %u more", d->term_count - shown);
}

void dim_print(const dim *d, text *to) { print_terms(d, UINT_MAX, to); }

void dim_print_short(const dim *d, text *to) { print_terms(d, 8, to); }

const char *dim_string(arena *a, const dim *d) {
    text t = text_new(a);
    dim_print(d, &t);
    return text_string(&t);
}

const char *dim_short(arena *a, const dim *d) {
    text t = text_new(a);
    dim_print_short(d, &t);
    return text_string(&t);
}

static int64_t saturate(dim_wide value) {
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

int64_t dim_evaluate(const dim *d, dim_value_of *value_of, void *context) {
    if (dim_is_huge(d)) ice("the value of a dim that is too large");
    if (d->kind == DIM_SYMBOL) return value_of(context, d->name);
    if (d->kind == DIM_FLOORDIV) return dim_floor_quotient(dim_evaluate(d->numerator, value_of, context), d->by);
    int64_t sum = 0;
    for (unsigned i = 0; i < d->term_count; i++) {
        int64_t product = d->terms[i].coefficient;
        for (unsigned j = 0; j < d->terms[i].factor_count; j++)
            product = saturate((dim_wide)product * dim_evaluate(d->terms[i].factors[j], value_of, context));
        sum = saturate((dim_wide)sum + product);
    }
    return sum;
}

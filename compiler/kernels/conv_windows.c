/* conv_windows: CONV1D with weights that have codes: the terms of a few positions are gathered as rows, zeros where a
 * tap is outside of the input; then they are a product like a LINEAR's. */
#include "kernels/conv.h"
#include "kernels/product.h"
#include "kernels/sum.h"

static cexpr *name(const conv *v, const char *what) { return c_name(v->e->unit, what); }

/* A loop over [0, end), which vanishes around a single turn; *index becomes its variable. */
static cblock *loop_to(const conv *v, cblock *b, const char *index_name, int64_t end, cexpr **index) {
    cunit *u = v->e->unit;
    *index = end == 1 ? c_int(u, 0) : c_name(u, index_name);
    return end == 1 ? b : c_for(b, index_name, c_int(u, 0), c_int(u, end), 1);
}

/* What moves in this loop does so float by float, where it is to. */
static void one_by_one(const conv *v, cblock *b) {
    if (v->choice->by_floats) sum_forget(v->e, b);
}

/* The window of position `at` to row `row`: its channels and taps, in the order of the weights. */
static void gather(const conv *v, cblock *b, cexpr *row, cexpr *at) {
    cunit *u = v->e->unit;
    const ir_attrs *a = v->attrs;
    cexpr *c, *tap;
    b = loop_to(v, b, "c", v->channels, &c);
    cblock *channel = b;
    b = loop_to(v, b, "tap", v->taps, &tap);
    cexpr *place = c_add(u, c_mul(u, at, c_int(u, a->stride)), c_mul(u, tap, c_int(u, a->dilation)));
    cexpr *before = c_int(u, a->before), *term = c_add(u, c_mul(u, c, c_int(u, v->taps)), tap);
    cexpr *to = c_index(u, name(v, "windows"), c_add(u, c_mul(u, row, c_int(u, v->choice->pack->terms)), term));
    c_declare(b, "const size_t", "place", place);
    place = name(v, "place");
    cexpr *step = c_mul(u, c_sub(u, place, before), conv_input_stride(v));
    cexpr *offset = c_add(u, conv_input_channel(v, c), step);
    cexpr *value = c_index(u, name(v, "x_g"), offset);
    if (a->before || a->after) {
        cexpr *inside = c_binary(u, "<", place, c_add(u, emit_dim(v->e, conv_input_length(v)), before));
        if (a->before) inside = c_binary(u, "&&", c_binary(u, ">=", place, before), inside);
        value = c_conditional(u, inside, value, c_float(u, 0));
    }
    c_assign(b, to, "=", value);
    if (a->dilation > 1 && b != channel) one_by_one(v, b);
    one_by_one(v, channel);
}

static void scatter(const conv *v, cblock *b, cexpr *row, cexpr *at) {
    cunit *u = v->e->unit;
    cexpr *o;
    int64_t units = v->outputs;
    b = loop_to(v, b, "o", units, &o);
    cexpr *to = c_add(u, c_mul(u, o, conv_stride(v, v->y, 1)), c_mul(u, at, conv_stride(v, v->y, 2)));
    c_assign(b, c_index(u, name(v, "y_g"), to), "=",
             c_index(u, name(v, "results"), c_add(u, c_mul(u, row, c_int(u, units)), o)));
    one_by_one(v, b);
}

static void emit_positions(const conv *v, cblock *b, const weight_tables *table) {
    cunit *u = v->e->unit;
    const choice_conv *c = v->choice;
    cexpr *first = c_int(u, 0), *rows = emit_dim(v->e, v->y->view.type.dims[2]);
    if (dim_max(v->y->view.type.dims[2]) > c->chunk) {
        cexpr *left = c_sub(u, rows, name(v, "first_t")), *most = c_int(u, c->chunk);
        b = c_for(b, "first_t", c_int(u, 0), rows, c->chunk);
        c_declare(b, "const size_t", "rows", c_smaller(u, left, most));
        first = name(v, "first_t");
        rows = name(v, "rows");
    }
    cblock *loop = c_for(b, "t", c_int(u, 0), rows, 1);
    gather(v, loop, name(v, "t"), c_add(u, first, name(v, "t")));
    product p = {.choice = &c->product,
                 .table = *table,
                 .x = "windows",
                 .y = "results",
                 .x_row = c_int(u, c->pack->terms),
                 .y_row = c_int(u, c->pack->units),
                 .rows = rows,
                 .y_columns = 1,
                 .quantised = "quantised"};
    product_emit(v->e, b, &p);
    loop = c_for(b, "t", c_int(u, 0), rows, 1);
    scatter(v, loop, name(v, "t"), c_add(u, first, name(v, "t")));
}

void conv_emit_windows(const conv *v, cblock *b) {
    cunit *u = v->e->unit;
    const choice_conv *c = v->choice;
    const char *label = v->k->node->label ? v->k->node->label : "conv";
    weight_tables table = weights_table(v->e, c->pack, arena_printf(v->e->arena, "%s_weights", label),
                                        "by panels of output channels: for each channel and tap the weights");
    c_declare(b, "float *", "windows", c_at(u, "work", c_int(u, c->windows_at)));
    c_declare(b, "float *", "results", c_at(u, "work", c_int(u, c->results_at)));
    if (pack_quantised(c->pack)) c_declare(b, "float *", "quantised", c_at(u, "work", c_int(u, c->quantised_at)));
    conv_place at = conv_open_loops(v, b);
    if (v->attrs->groups > 1) table = weights_at_matrix(v->e, &table, at.group);
    emit_positions(v, at.block, &table);
}

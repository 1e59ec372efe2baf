/* conv_windows: CONV1D with weights that have codes: the terms of a few positions are gathered as rows, zeros where a
 * tap is outside of the input; then they are a product like a LINEAR's. */
#include "kernels/conv_input.h"
#include "kernels/product.h"

typedef struct {
    emit_context *e;
    cunit *u;
    const plan_kernel *k;
    conv_input x;
    const ir_attrs *attrs;
    const choice_conv *choice;
    int64_t channels, taps;
} windows;

static cexpr *stride(const windows *v, const plan_operand *o, unsigned axis) {
    return emit_dim(v->e, o->view.strides[axis]);
}

static cexpr *name(const windows *v, const char *what) { return c_name(v->u, what); }

/* A loop over [0, end), which vanishes around a single turn; *index becomes its variable. */
static cblock *loop_to(const windows *v, cblock *b, const char *index_name, int64_t end, cexpr **index) {
    *index = end == 1 ? c_int(v->u, 0) : name(v, index_name);
    return end == 1 ? b : c_for(b, index_name, c_int(v->u, 0), c_int(v->u, end), 1);
}

/* The window of position `at` to row `row`: its channels and taps, in the order of the weights. */
static void gather(const windows *v, cblock *b, cexpr *row, cexpr *at) {
    cunit *u = v->u;
    const ir_attrs *a = v->attrs;
    cexpr *c, *tap;
    b = loop_to(v, b, "c", v->channels, &c);
    b = loop_to(v, b, "tap", v->taps, &tap);
    cexpr *place = c_add(u, c_mul(u, at, c_int(u, a->stride)), c_mul(u, tap, c_int(u, a->dilation)));
    cexpr *before = c_int(u, a->before), *term = c_add(u, c_mul(u, c, c_int(u, v->taps)), tap);
    cexpr *to = c_index(u, name(v, "windows"), c_add(u, c_mul(u, row, c_int(u, v->choice->pack->terms)), term));
    c_declare(b, "const size_t", "place", place);
    place = name(v, "place");
    cexpr *step = c_mul(u, c_sub(u, place, before), conv_input_stride(&v->x));
    cexpr *offset = c_add(u, conv_input_channel(&v->x, c), step);
    cexpr *value = c_index(u, name(v, "x_g"), offset);
    if (a->before || a->after) {
        cexpr *inside = c_binary(u, "<", place, c_add(u, emit_dim(v->e, conv_input_length(&v->x)), before));
        if (a->before) inside = c_binary(u, "&&", c_binary(u, ">=", place, before), inside);
        value = c_conditional(u, inside, value, c_float(u, 0));
    }
    c_assign(b, to, "=", value);
}

static void scatter(const windows *v, cblock *b, cexpr *row, cexpr *at) {
    cunit *u = v->u;
    const plan_operand *y = &v->k->results[0];
    cexpr *o;
    int64_t units = v->choice->pack->units;
    b = loop_to(v, b, "o", units, &o);
    cexpr *to = c_add(u, c_mul(u, o, stride(v, y, 1)), c_mul(u, at, stride(v, y, 2)));
    c_assign(b, c_index(u, name(v, "y_g"), to), "=",
             c_index(u, name(v, "results"), c_add(u, c_mul(u, row, c_int(u, units)), o)));
}

static void emit_positions(const windows *v, cblock *b, const weight_tables *table) {
    cunit *u = v->u;
    const choice_conv *c = v->choice;
    cexpr *first = c_int(u, 0), *rows = emit_dim(v->e, v->k->results[0].view.type.dims[2]);
    if (dim_max(v->k->results[0].view.type.dims[2]) > c->chunk) {
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

void conv_emit_windows(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *y = &k->results[0];
    const ir_type *w = &k->inputs[1].view.type;
    windows v = {e,
                 u,
                 k,
                 conv_input_of(e, k),
                 &k->node->attrs,
                 &emit_choice(e, k)->conv,
                 dim_max(w->dims[1]),
                 dim_max(w->dims[2])};
    const char *label = k->node->label ? k->node->label : "conv";
    weight_tables table = weights_table(e, v.choice->pack, arena_printf(e->arena, "%s_weights", label),
                                        "by panels of output channels: for each channel and tap the weights");
    cblock *b = c_body(f);
    c_declare(b, "float *", "windows", c_add(u, name(&v, "work"), c_int(u, v.choice->windows_at)));
    c_declare(b, "float *", "results", c_add(u, name(&v, "work"), c_int(u, v.choice->results_at)));
    if (pack_quantised(v.choice->pack))
        c_declare(b, "float *", "quantised", c_add(u, name(&v, "work"), c_int(u, v.choice->quantised_at)));
    cexpr *g = c_int(u, 0), *first, *sequence;
    b = conv_input_loops(&v.x, b, &first, &sequence);
    cexpr *y_at = c_mul(u, sequence, stride(&v, y, 0));
    if (v.attrs->groups > 1) {
        b = c_for(b, "group", c_int(u, 0), c_int(u, v.attrs->groups), 1);
        g = name(&v, "group");
        table = weights_at_matrix(e, &table, g);
    }
    first = c_add(u, first, conv_input_channel(&v.x, c_mul(u, g, c_int(u, v.channels))));
    y_at = c_add(u, y_at, c_mul(u, c_mul(u, g, c_int(u, v.choice->pack->units)), stride(&v, y, 1)));
    c_declare(b, "const float *", "x_g", first);
    c_declare(b, "float *", "y_g", c_add(u, name(&v, y->name), y_at));
    emit_positions(&v, b, &table);
}

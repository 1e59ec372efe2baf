/* matmul: MATMUL, the product of two run-time values. */
#include "kernels/matmul.h"

matmul matmul_of(emit_context *e, const plan_kernel *k) {
    cunit *u = e->unit;
    const choice_matmul *c = &emit_choice(e, k)->matmul;
    return (matmul){.e = e,
                    .choice = c,
                    .a = c_name(u, k->inputs[0].name),
                    .b = c_name(u, k->inputs[1].name),
                    .y = c_name(u, k->results[0].name),
                    .of = c->of,
                    .terms = emit_dim(e, c->of.inner),
                    .room = c_name(u, "work")};
}

/* Loops over the dims before the last two, which broadcast. */
static cblock *open_batches(matmul *p, cblock *body, const plan_view *a, const plan_view *b, const plan_view *y) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    unsigned rank = y->type.rank;
    bool loops = false;
    for (unsigned i = 0; i + 2 < rank; i++) {
        if (dim_is(y->type.dims[i], 1)) continue;
        cexpr *index = c_namef(u, "i%u", i);
        body = c_for(body, arena_printf(e->arena, "i%u", i), c_int(u, 0), emit_dim(e, y->type.dims[i]), 1);
        p->y = c_add(u, p->y, matmul_scaled(p, index, y->strides[i]));
        const plan_view *operands[] = {a, b};
        cexpr **addresses[] = {&p->a, &p->b};
        for (unsigned o = 0; o < 2; o++) {
            int axis = (int)i - (int)(rank - operands[o]->type.rank);
            if (axis < 0 || dim_is(operands[o]->type.dims[axis], 1)) continue;
            *addresses[o] = c_add(u, *addresses[o], matmul_scaled(p, index, operands[o]->strides[axis]));
        }
        loops = true;
    }
    if (!loops) return body;
    c_declare(body, "const float *", "a_i", p->a);
    c_declare(body, "const float *", "b_i", p->b);
    c_declare(body, "float *", "y_i", p->y);
    p->a = c_name(u, "a_i");
    p->b = c_name(u, "b_i");
    p->y = c_name(u, "y_i");
    return body;
}

/* Is one of them less? */
static cexpr *is_below(const matmul *p, const choice_below *below) {
    cunit *u = p->e->unit;
    cexpr *columns = emit_dim(p->e, p->of.columns), *floats = c_mul(u, emit_dim(p->e, p->of.inner), columns);
    if (below->rows) return c_binary(u, "<", emit_dim(p->e, p->of.rows), c_int(u, below->rows));
    cexpr *is_small = c_binary(u, "<", floats, c_int(u, below->floats));
    if (!below->columns) return is_small;
    return c_binary(u, "||", c_binary(u, "<", columns, c_int(u, below->columns)), is_small);
}

static void emit_product(const matmul *p, cblock *b) {
    const choice_matmul *c = p->choice;
    if (c->few) {
        matmul few = *p;
        few.choice = c->few;
        emit_product(&few, c_if(b, is_below(p, &c->few_below)));
        b = c_else(b);
    }
    switch (c->way) {
    case CHOICE_BY_TILES: matmul_emit_tiles(p, b); return;
    case CHOICE_BY_ELEMENTS: matmul_emit_elements(p, b); return;
    case CHOICE_BY_STREAM: matmul_emit_stream(p, b); return;
    case CHOICE_BY_DOTS: matmul_emit_dots(p, b); return;
    }
}

void emit_matmul(emit_context *e, const plan_kernel *k, cfunction *f) {
    matmul p = matmul_of(e, k);
    cblock *b = open_batches(&p, c_body(f), &k->inputs[0].view, &k->inputs[1].view, &k->results[0].view);
    if (p.choice->turned) {
        cexpr *column = p.b;
        p.b = p.a;
        p.a = column;
    }
    emit_product(&p, b);
}

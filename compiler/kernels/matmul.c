/* matmul: MATMUL, the product of two run-time values, and WEIGHT_GRAD, one that is added up. */
#include "kernels/matmul.h"

static matmul matmul_of(emit_context *e, const plan_kernel *k) {
    cunit *u = e->unit;
    const choice_matmul *c = &emit_choice(e, k)->matmul;
    return (matmul){.e = e,
                    .choice = c,
                    .a = c_name(u, "%s", k->inputs[0].name),
                    .b = c_name(u, "%s", k->inputs[1].name),
                    .y = c_name(u, "%s", k->results[0].name),
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
        cexpr *index = c_name(u, "i%u", i);
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

static void emit_product(const matmul *p, cblock *b) {
    switch (p->choice->way) {
    case CHOICE_BY_TILES: matmul_emit_tiles(p, b); return;
    case CHOICE_BY_ELEMENTS: matmul_emit_elements(p, b); return;
    case CHOICE_BY_STREAM: matmul_emit_stream(p, b); return;
    case CHOICE_BY_DOTS: matmul_emit_dots(p, b); return;
    }
}

/* Row done + n of a, from where a is on, to the work space. */
static void copy_rows(const matmul *p, cblock *b, cexpr *done) {
    cunit *u = p->e->unit;
    cexpr *n = c_name(u, "n"), *m = c_name(u, "m");
    cexpr *from = c_add(u, p->a, matmul_scaled(p, c_add(u, done, n), p->of.a_k));
    cexpr *to = c_add(u, c_name(u, "work"), c_mul(u, n, c_int(u, p->choice->distance)));
    cexpr *outputs = c_int(u, p->choice->outputs);
    if (dim_is(p->of.a_m, 1)) {
        c_do(b, c_call(u, "memcpy", 3, to, from, c_mul(u, outputs, c_call(u, "sizeof", 1, c_name(u, "float")))));
        return;
    }
    b = c_for(b, "m", c_int(u, 0), outputs, 1);
    c_assign(b, c_element(u, c_add(u, to, m)), "=", c_element(u, c_add(u, from, matmul_scaled(p, m, p->of.a_m))));
}

/* Some rows of dy at a time, and of these some columns: copied to the work space, and then the product of these. */
static void emit_blocks(matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    const choice_matmul *c = p->choice;
    dim_table *t = p->e->plan->dims;
    int64_t known;
    cexpr *done = c_int(u, 0), *all = emit_dim(p->e, p->of.inner);
    p->terms = all;
    if (dim_max(p->of.inner) > c->block) {
        b = c_for(b, "done", c_int(u, 0), all, c->block);
        done = c_name(u, "done");
        p->terms = c_int(u, c->block);
        if (!dim_is_const(p->of.inner, &known) || known % c->block) {
            cexpr *left = c_sub(u, all, done), *fits = c_binary(u, "<", left, p->terms);
            c_declare(b, "const size_t ", "terms", c_conditional(u, fits, left, p->terms));
            p->terms = c_name(u, "terms");
        }
    }
    matmul block = *p;
    block.b = c_add(u, p->b, matmul_scaled(p, done, p->of.b_k));
    if (dim_max(p->all_rows) > c->outputs) {
        cexpr *first = c_name(u, "first");
        b = c_for(b, "first", c_int(u, 0), emit_dim(p->e, p->all_rows), c->outputs);
        block.a = c_add(u, p->a, matmul_scaled(p, first, p->of.a_m));
        block.y = c_add(u, p->y, matmul_scaled(p, first, p->of.y_m));
    }
    copy_rows(&block, c_for(b, "n", c_int(u, 0), p->terms, 1), done);
    block.a = c_name(u, "work");
    block.of.a_m = dim_const(t, 1);
    block.of.a_k = dim_const(t, c->distance);
    block.room = c_add(u, block.a, c_int(u, c->block * c->distance));
    emit_product(&block, b);
}

/* dy' x, added to a gradient. */
void emit_weight_grad(emit_context *e, const plan_kernel *k, cfunction *f) {
    matmul p = matmul_of(e, k);
    p.adds = true;
    p.all_rows = k->results[0].view.type.dims[0];
    if (p.choice->block) emit_blocks(&p, c_body(f));
    else emit_product(&p, c_body(f));
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

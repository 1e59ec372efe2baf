/* call: see call.h. */
#include "emit/call.h"

#include "emit/training.h"
#include "kernels/operators.h"

#include <string.h>

static void emit_kernel_body(emit_context *e, const plan_kernel *k, cfunction *f) {
    if (k->kind == PLAN_CHECK) {
        emit_check(e, k, f);
        return;
    }
    if (k->kind != PLAN_NODE) {
        emit_move(e, k, f);
        return;
    }
    emit_operator_of(k->node->op)(e, k, f);
}

typedef struct {
    arena *arena;
    operand_visitor *visit;
    void *context;
    const char **seen;
    size_t count, capacity;
} operand_walk;

static void walk_operand(operand_walk *w, const plan_operand *o, bool constant) {
    if (o->kind == PLAN_INLINE) {
        for (unsigned i = 0; i < o->inlined->input_count; i++) walk_operand(w, &o->inlined->inputs[i], constant);
        return;
    }
    if (o->kind != PLAN_MEMORY) return;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->seen[i], o->name) == 0) return;
    ARENA_PUSH(w->arena, w->seen, w->count, w->capacity, o->name);
    w->visit(w->context, o, constant);
}

void call_operands(arena *a, const plan_kernel *k, operand_visitor *visit, void *context) {
    operand_walk w = {.arena = a, .visit = visit, .context = context};
    for (unsigned i = 0; i < k->input_count; i++) walk_operand(&w, &k->inputs[i], true);
    for (unsigned i = 0; i < k->result_count; i++) walk_operand(&w, &k->results[i], false);
}

/* A clearing or a copy of dense memory needs no function: it is a memset or memcpy in the run function. */
static bool is_plain(const plan_kernel *k) { return k->choices[0].kind == CHOICE_PLAIN; }

/* The number of the round that it stands in, as its turn. */
static bool takes_round(const emit_context *e, const plan_kernel *k) {
    const plan_choice *c = emit_choice(e, k);
    return c->kind == CHOICE_MATMUL && c->matmul.zigzag;
}

bool call_mentions_round(const emit_context *e, const plan_kernel *k) {
    return choice_takes_turn(emit_choice(e, k)) || takes_round(e, k);
}

/* The seed and the number of the call, of a dropout's mask. */
static bool takes_random(const plan_kernel *k) { return k->kind == PLAN_NODE && k->node->op == IR_DROPOUT; }

/* Rows of a sparse table are moved as they are looked up. */
static bool takes_rate(const plan_kernel *k) {
    return k->kind == PLAN_NODE && k->node->op == IR_EMBEDDING_GRAD && k->node->attrs.sparse;
}

bool call_takes_work(const emit_context *e, const plan_kernel *k) { return emit_choice(e, k)->work > 0; }

/* Where the name of the kernel's function for the current target is kept; the baseline's serves all others. */
static cexpr **function_of(emit_context *e, const plan_kernel *k) {
    return emit_once(e, "function %s%s", k->function, k->by_body ? e->target->suffix : "");
}

/* --- parameters, and what calls pass for them --- */

typedef struct {
    emit_context *e;
    csignature s;
    buffer_base *base; /* of a call */
    void *context;
} signing;

static cexpr *address(const signing *c, const plan_operand *o) {
    return c_add(c->e->unit, c->base(c->context, o->view.buffer), emit_dim(c->e, o->view.offset));
}

static void pass_operand(void *context, const plan_operand *o, bool constant) {
    signing *c = context;
    const char *type = emit_pointer_type(o->view.type.dtype, constant);
    c_pass(&c->s, type, o->name, c_collects(&c->s) ? address(c, o) : NULL);
}

static cexpr *member(const signing *c, const char *name) {
    return c_member(c->e->unit, c_name(c->e->unit, "self"), name, true);
}

/* The number of this run, or, in a loop over rounds, of the round: even or odd. */
static cexpr *turn_of(const signing *c, const plan_kernel *k) {
    emit_context *e = c->e;
    cunit *u = e->unit;
    if (takes_round(e, k)) return c_name(u, e->round);
    cexpr *turn = c_cast(u, "size_t", c_index(u, member(c, "turn"), c_int(u, 0)));
    return e->round ? c_binary(u, "%", c_add(u, turn, c_name(u, e->round)), c_int(u, 2)) : turn;
}

static void sign(signing *c, const plan_kernel *k) {
    emit_context *e = c->e;
    csignature *s = &c->s;
    bool calls = c_collects(s);
    for (size_t i = 0; i < k->symbol_count; i++)
        c_pass(s, "size_t", emit_symbol(e, k->symbols[i]), emit_dim(e, k->symbols[i]));
    call_operands(e->arena, k, pass_operand, c);
    if (emit_takes_params(e, k, PACK_IN_PARAMETERS))
        c_pass(s, "const float *", "parameters", member(c, "parameters"));
    if (emit_takes_params(e, k, PACK_IN_PACKS)) c_pass(s, "const float *", "packs", member(c, "packs"));
    if (takes_random(k)) c_pass(s, "const uint32_t *", "random", member(c, "random"));
    if (takes_rate(k)) c_pass(s, "float", "rate", calls ? training_signed_rate(e, k->node->attrs.index) : NULL);
    if (k->start) c_pass(s, "size_t", "start", calls ? emit_dim(e, k->start) : NULL);
    if (call_takes_work(e, k)) c_pass(s, "float *", "work", calls ? c->base(c->context, k->work) : NULL);
    if (call_mentions_round(e, k)) c_pass(s, "size_t", "turn", calls ? turn_of(c, k) : NULL);
}

/* --- functions --- */

void call_function(emit_context *e, const plan_kernel *k) {
    if (k->kind == PLAN_NODE && k->node->op == IR_STEP) return; /* training_step.c has it */
    bool looks = k->kind == PLAN_CHECK; /* in memory, the procedure does it itself */
    if (is_plain(k) || (looks && k->inputs[0].kind == PLAN_MEMORY) || (e->body > 0 && !k->by_body)) return;
    const char *wanted = k->function + strlen(e->model) + 1;
    const char *name = e->trains ? NULL : emit_function_name(e, "%s", wanted);
    /* in a wide body it has registers, and a stack, of its own, also where a compiler could put it into its caller;
     * and where there are many, all in one caller would make its frame large */
    const char *apart = *e->target->attribute || e->in_parts ? "NNC_APART " : "";
    const char *storage = arena_printf(e->arena, "%s%s", apart, emit_static(e));
    cfunction *f = looks ? c_function(e->unit, "static int", name, "1: one is out of bounds.")
                         : c_function(e->unit, storage, name, emit_shapes_comment(e, k));
    sign(&(signing){.e = e, .s = {.unit = e->unit, .function = f}}, k);
    emit_kernel_body(e, k, f);
    /* run, eval and the training functions of a model have most of their kernels in common */
    if (name) c_function_end(f);
    else name = emit_function_end_shared(e, f, wanted);
    *function_of(e, k) = c_name(e->unit, name);
}

/* --- calls --- */

static void call_plain(const signing *c, cblock *b, const plan_kernel *k) {
    emit_context *e = c->e;
    cunit *u = e->unit;
    const plan_view *to = &k->results[0].view;
    cexpr *bytes = emit_bytes(e, emit_dim(e, ir_type_elements(e->plan->dims, &to->type)), to->type.dtype);
    if (k->kind == PLAN_ZERO) {
        /* &state[0], not state: gcc warns where the bytes of a piece happen to be as many as the array's elements */
        cexpr *first = address(c, &k->results[0]);
        if (to->buffer->place == PLAN_STATE)
            first = c_unary(u, "&", c_index(u, c->base(c->context, to->buffer), emit_dim(e, to->offset)));
        c_do(b, c_call(u, "memset", 3, first, c_int(u, 0), bytes));
    } else c_do(b, c_call(u, "memcpy", 3, address(c, &k->results[0]), address(c, &k->inputs[0]), bytes));
}

void call_kernel(emit_context *e, cblock *b, const plan_kernel *k, buffer_base *base, void *context) {
    signing c = {.e = e, .base = base, .context = context};
    if (is_plain(k)) call_plain(&c, b, k);
    else c_do(b, call_expression(e, k, base, context));
}

cexpr *call_expression(emit_context *e, const plan_kernel *k, buffer_base *base, void *context) {
    signing c = {.e = e, .s = {.unit = e->unit}, .base = base, .context = context};
    sign(&c, k);
    return c_call_with(&c.s, c_text(*function_of(e, k)));
}

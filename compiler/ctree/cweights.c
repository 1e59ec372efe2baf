/* cweights: tables beside the code. Each is a member of one struct, and a pointer to it goes from the functions that
 * others link to down to those that read it. */
#include <stdlib.h>
#include <string.h>

#include "ctree/ctree_nodes.h"
#include "support/memory.h"

/* --- the struct --- */

void cunit_weights_beside(cunit *u, const char *type) {
    u->weights_type = type;
    u->weights = c_name(u, "");
    ctop *t = ctop_new(u, CTOP_WEIGHTS);
    t->text = type;
}

cexpr *c_weights_pointer(const cunit *u) { return u->weights; }

cexpr *c_weights(cunit *u, const char *name, size_t elements, ctable_style style, ctable_fill *fill, void *context,
                 const char *comment) {
    if (!u->weights) return c_table(u, name, elements, style, fill, context, comment);
    ctable *t = ctable_new(u, name, elements, style, fill, context, comment);
    ARENA_PUSH(u->arena, u->beside, u->beside_count, u->beside_capacity, t);
    return c_member(u, u->weights, name, true);
}

size_t cunit_weights_size(const cunit *u) {
    size_t size = CWEIGHTS_HEAD;
    for (size_t i = 0; i < u->beside_count; i++) size += ctable_padded_bytes(u->beside[i]);
    return size;
}

const char *cunit_weights_text(const cunit *u) {
    text t = text_new(u->arena);
    for (size_t i = 0; i < u->beside_count; i++) {
        const ctable *b = u->beside[i];
        text_printf(&t, "%s %s[%zu]", b->name, ctable_type(b), b->elements);
        if (b->comment) text_printf(&t, ": %s", b->comment);
        text_add(&t, "\n");
    }
    return text_string(&t);
}

static void swap(unsigned char *bytes, size_t n, size_t width) {
    for (size_t i = 0; width > 1 && i < n; i += width)
        for (size_t k = 0; k < width / 2; k++) {
            unsigned char first = bytes[i + k];
            bytes[i + k] = bytes[i + width - 1 - k];
            bytes[i + width - 1 - k] = first;
        }
}

bool cunit_weights_visit(const cunit *u, bool swapped, bool (*write)(void *context, const void *bytes, size_t n),
                         void *context) {
    bool good = true;
    for (size_t i = 0; good && i < u->beside_count; i++) {
        const ctable *t = u->beside[i];
        size_t bytes = ctable_padded_bytes(t);
        void *values = memory_new(bytes, 1);
        t->fill(t->context, values);
        if (swapped) swap(values, bytes, ctable_element_bytes(t));
        good = write(context, values, bytes);
        free(values);
    }
    return good;
}

/* --- handing the pointer on --- */

typedef struct {
    cunit *unit;
    name_set *takers;  /* functions that take the pointer, by name */
    const char *type;  /* of the parameter */
    bool found;        /* in the present function */
} handing;

static bool has_self(const cfunction *f) {
    return f->parameter_count && strcmp(f->parameters[0].name, "self") == 0;
}

/* Calls may be shared: whether the pointer is among the arguments says whether this one was done. */
static void add_argument(const handing *h, cexpr *call, const cfunction *callee) {
    for (unsigned i = 0; i < call->argument_count; i++)
        if (call->arguments[i] == h->unit->weights) return;
    cexpr **arguments = ARENA_ARRAY(h->unit->arena, cexpr *, call->argument_count + 1);
    unsigned at = has_self(callee);
    for (unsigned i = 0; i < call->argument_count; i++) arguments[i + (i >= at)] = call->arguments[i];
    arguments[at] = h->unit->weights;
    call->arguments = arguments;
    call->argument_count++;
}

static void hand_in_expr(handing *h, cexpr *e) {
    if (!e) return;
    h->found = h->found || e == h->unit->weights;
    if (e->kind == CEXPR_CALL && name_set_has(h->takers, e->text)) {
        add_argument(h, e, *name_set_value(h->takers, e->text));
        h->found = true;
    }
    for (unsigned i = 0; i < e->argument_count; i++) hand_in_expr(h, e->arguments[i]);
    hand_in_expr(h, e->first);
    hand_in_expr(h, e->second);
    hand_in_expr(h, e->third);
}

static void hand_in_block(handing *h, const cblock *b) {
    for (cstmt *s = b ? b->first : NULL; s; s = s->next) {
        hand_in_expr(h, s->from);
        hand_in_expr(h, s->to);
        hand_in_block(h, s->body);
        hand_in_block(h, s->other);
    }
}

static void add_parameter(const handing *h, cfunction *f) {
    c_parameter(f, h->type, h->unit->weights->text);
    cparameter own = f->parameters[f->parameter_count - 1];
    size_t at = has_self(f);
    memmove(f->parameters + at + 1, f->parameters + at, (f->parameter_count - 1 - at) * sizeof own);
    f->parameters[at] = own;
    *name_set_value(h->takers, f->name) = f;
}

/* What a function calls stands above it. */
void cunit_hand_weights_on(cunit *u, const char *name) {
    handing h = {u, name_set_new(u->arena), arena_printf(u->arena, "const %s *", u->weights_type), false};
    u->weights->text = name;
    for (ctop *t = u->first; t; t = t->next) {
        if (t->kind != CTOP_FUNCTION) continue;
        cfunction *f = t->function;
        bool linked = strncmp(f->type, "static", 6) != 0;
        h.found = false;
        hand_in_block(&h, f->body);
        if (h.found || linked) add_parameter(&h, f);
        if (!h.found && linked) cfunction_discard(f, name);
    }
}

/* ops_einsum: sums of products by their letters, as transposes, views and matrix products.
 *
 * "bthd,bshd->bhts": letters that both operands and the result have count products (b, h), those that the result lacks
 * are summed over (d), the rest belong to one operand (t; s). Each operand is brought into the order batch, own,
 * summed; more than one own or summed letter become one dim (https://onnx.ai/onnx/operators/onnx__Einsum.html). */
#include "import/ops.h"

enum { MAX_LETTERS = 2 * IMPORT_MAX_RANK };

/* The letters of an operand's or the result's dims. "..." stands as digits, the last of its dims as the last digit. */
typedef struct {
    char letters[MAX_LETTERS + 1];
    unsigned count;
} term;

typedef struct {
    value *x;
    term t;
} factor;

static bool has(const term *t, char letter) { return memchr(t->letters, letter, t->count) != NULL; }

static void add(term *t, char letter) {
    if (t->count < MAX_LETTERS) t->letters[t->count++] = letter;
}

static unsigned place_of(const term *t, char letter) {
    return (unsigned)((const char *)memchr(t->letters, letter, t->count) - t->letters);
}

/* Reads up to a comma, an arrow or the end. `dots`: how many dims "..." has. */
static bool read_term(const char **at, unsigned dots, term *t) {
    *t = (term){.count = 0};
    for (; **at && **at != ',' && **at != '-'; (*at)++) {
        bool letter = (**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z');
        if (**at == ' ') continue;
        if (t->count == MAX_LETTERS) return false;
        if (letter) add(t, **at);
        else if (strncmp(*at, "...", 3) == 0) {
            for (unsigned i = 0; i < dots; i++) add(t, (char)('0' + (IMPORT_MAX_RANK - dots) + i));
            *at += 2;
        } else return false;
    }
    return true;
}

/* How many dims "..." stands for in the term at hand of an operand of this rank; -1: the letters are too many. */
static int dots_of(const char *at, unsigned rank) {
    unsigned letters = 0;
    bool dots = false;
    for (; *at && *at != ',' && *at != '-'; at++) {
        if (*at == '.') dots = true;
        else if (*at != ' ') letters++;
    }
    if (letters > rank || (!dots && letters != rank)) return -1;
    return (int)(rank - letters);
}

/* Without an arrow: what stands once, in the alphabet's order, "..." first. */
static void usual_result(const factor *all, unsigned count, term *to) {
    *to = (term){.count = 0};
    for (int c = '0'; c <= 'z'; c++) {
        unsigned times = 0;
        for (unsigned i = 0; i < count; i++)
            for (unsigned k = 0; k < all[i].t.count; k++) times += all[i].t.letters[k] == c;
        if ((c <= '9' && times) || times == 1) add(to, (char)c);
    }
}

static bool read_equation(call *c, factor *all, unsigned count, term *result) {
    const char *equation = attribute_string(c, "equation", ""), *at = equation;
    unsigned widest = 0;
    for (unsigned i = 0; i < count; i++) {
        value *x = operand(c, i);
        int dots = x ? dots_of(at, x->rank) : -1;
        all[i].x = x;
        if (!x || dots < 0 || !read_term(&at, (unsigned)dots, &all[i].t) || (i + 1 < count && *at++ != ','))
            return refuse(c, "operand %u does not fit \"%.60s\"", i + 1, equation);
        if ((unsigned)dots > widest) widest = (unsigned)dots;
        for (unsigned k = 0; k < all[i].t.count; k++)
            if (memchr(all[i].t.letters + k + 1, all[i].t.letters[k], all[i].t.count - k - 1))
                return refuse(c, "\"%.60s\" takes a diagonal, which is not supported", equation);
    }
    if (!*at) {
        usual_result(all, count, result);
        return true;
    }
    if (strncmp(at, "->", 2) != 0) return refuse(c, "\"%.60s\" does not fit %u operands", equation, count);
    at += 2;
    if (!read_term(&at, widest, result) || *at) return refuse(c, "\"%.60s\" is no equation", equation);
    for (unsigned k = 0; k < result->count; k++) {
        bool found = false;
        for (unsigned i = 0; i < count; i++) found |= has(&all[i].t, result->letters[k]);
        if (!found || memchr(result->letters + k + 1, result->letters[k], result->count - k - 1))
            return refuse(c, "\"%.60s\" is no equation", equation);
    }
    return true;
}

/* The sum over letters that nobody else needs. */
static void sum_out(call *c, factor *f, const term *others, const term *result) {
    unsigned axes = 0;
    term left = {.count = 0};
    for (unsigned i = 0; i < f->t.count; i++) {
        char letter = f->t.letters[i];
        if ((others && has(others, letter)) || has(result, letter)) add(&left, letter);
        else axes |= 1u << i;
    }
    if (axes) f->x = reduce(c, "sum", f->x, axes, false);
    f->t = left;
}

static value *in_order(call *c, const factor *f, const term *order) {
    unsigned perm[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < order->count; i++) perm[i] = place_of(&f->t, order->letters[i]);
    return make_permute(c->graph, c->path, f->x, perm);
}

static void join(term *to, const term *a) {
    for (unsigned i = 0; i < a->count; i++) add(to, a->letters[i]);
}

/* The dims behind `batch` as two: of `first` letters, and of the rest. */
static value *as_matrix(call *c, value *x, unsigned batch, unsigned first) {
    graph *g = c->graph;
    const dim *dims[IMPORT_MAX_RANK], *one = dim_const(g->dims, 1);
    for (unsigned i = 0; i < batch; i++) dims[i] = x->dims[i];
    dims[batch] = dims[batch + 1] = one;
    for (unsigned i = batch; i < x->rank; i++) {
        const dim **to = &dims[batch + (i - batch >= first)];
        *to = dim_mul(g->dims, *to, x->dims[i]);
    }
    return make_reshape(g, c->path, x, batch + 2, dims);
}

/* Nothing is summed over: a * b, with dims of 1 where an operand lacks a letter. */
static bool multiply(call *c, factor *a, const factor *b) {
    term all = a->t;
    value *parts[2];
    for (unsigned i = 0; i < b->t.count; i++)
        if (!has(&all, b->t.letters[i])) add(&all, b->t.letters[i]);
    if (all.count > IMPORT_MAX_RANK) return refuse(c, "too many letters; at most %d are supported", IMPORT_MAX_RANK);
    for (unsigned k = 0; k < 2; k++) {
        const factor *f = k ? b : a;
        term order = {.count = 0};
        unsigned ones = 0;
        for (unsigned i = 0; i < all.count; i++) {
            if (has(&f->t, all.letters[i])) add(&order, all.letters[i]);
            else ones |= 1u << i;
        }
        parts[k] = in_order(c, f, &order);
        if (ones) parts[k] = make_unsqueeze(c->graph, c->path, parts[k], ones);
    }
    a->x = binary(c, "*", FOLD_MUL, parts[0], parts[1]);
    a->t = all;
    return a->x != NULL;
}

/* a becomes the sum of products of a and b over the letters that `later` (the result and operands to come) lacks. */
static bool contract(call *c, factor *a, factor *b, const term *later) {
    graph *g = c->graph;
    term batch = {.count = 0}, sum = batch, own_a = batch, own_b = batch;
    sum_out(c, a, &b->t, later);
    sum_out(c, b, &a->t, later);
    for (unsigned i = 0; i < a->t.count; i++) {
        char letter = a->t.letters[i];
        add(!has(&b->t, letter) ? &own_a : has(later, letter) ? &batch : &sum, letter);
    }
    for (unsigned i = 0; i < b->t.count; i++)
        if (!has(&a->t, b->t.letters[i])) add(&own_b, b->t.letters[i]);
    for (unsigned i = 0; i < sum.count + batch.count; i++) { /* no dim of 1 stands for a longer one here */
        char letter = i < sum.count ? sum.letters[i] : batch.letters[i - sum.count];
        if (!dim_same(a->x->dims[place_of(&a->t, letter)], b->x->dims[place_of(&b->t, letter)]))
            return refuse(c, "\"%s\" is %s and \"%s\" is %s: they do not fit", a->x->name,
                          value_shape_string(g->arena, a->x), b->x->name, value_shape_string(g->arena, b->x));
    }
    if (!sum.count) return multiply(c, a, b);
    term left = batch, right = batch, to = batch;
    join(&left, &own_a);
    join(&left, &sum);
    join(&right, &sum);
    join(&right, &own_b);
    join(&to, &own_a);
    join(&to, &own_b);
    if (to.count > IMPORT_MAX_RANK || batch.count + 2 > IMPORT_MAX_RANK)
        return refuse(c, "too many letters; at most %d are supported", IMPORT_MAX_RANK);
    const dim *dims[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < to.count; i++) {
        const factor *from = has(&a->t, to.letters[i]) ? a : b;
        dims[i] = from->x->dims[place_of(&from->t, to.letters[i])];
    }
    value *x = in_order(c, a, &left), *y = in_order(c, b, &right);
    bool rows = batch.count == 0 && sum.count == 1 && own_b.count == 1; /* a Linear takes any dims before the last */
    if (!rows) x = as_matrix(c, x, batch.count, own_a.count);
    value *v = matrix_product(c, x, as_matrix(c, y, batch.count, sum.count), c->path);
    if (!v) return false;
    a->x = make_reshape(g, c->path, v, to.count, dims);
    a->t = to;
    return true;
}

bool op_einsum(call *c) {
    unsigned count = c->in_count;
    factor *all = ARENA_ARRAY(c->graph->arena, factor, count);
    term result;
    if (!read_equation(c, all, count, &result)) return false;
    for (unsigned i = 0; i < count; i++)
        if (all[i].x->element != ELEMENT_FLOAT) return refuse(c, "of integers is not supported");
    for (unsigned i = 1; i < count; i++) {
        term later = result;
        for (unsigned k = i + 1; k < count; k++)
            for (unsigned j = 0; j < all[k].t.count; j++)
                if (!has(&later, all[k].t.letters[j])) add(&later, all[k].t.letters[j]);
        if (!contract(c, &all[0], &all[i], &later)) return false;
    }
    sum_out(c, &all[0], NULL, &result);
    return give(c, in_order(c, &all[0], &result));
}

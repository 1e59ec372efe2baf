/* check_plan: the planner's promises, on models written as .nn text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lower/lower.h"
#include "passes/passes.h"
#include "plan/plan.h"
#include "syntax/parse.h"

static arena *memory;

static void setup(void) { memory = arena_new(); }
static void teardown(void) { arena_free(memory); }

static const plan_options all_bodies = {
    .unroll = 64, .bodies = {&cost_bodies[0], &cost_bodies[1], &cost_bodies[2]}, .body_count = 3};

static plan *plan_of(const char *nn) {
    source *s = source_from_text(memory, "test.nn", nn, strlen(nn));
    diag_list *diags = diag_list_new(memory, s);
    ast_file *ast = parse_file(memory, s, diags);
    lowered_file file = lower_file(memory, ast, diags);
    if (diag_error_count(diags)) diag_print(diags, stderr);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    ck_assert(passes_run(file.models[0], diags));
    plan *p = plan_model(memory, file.models[0], &all_bodies, diags);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    return p;
}

static size_t count_kind(const plan *p, plan_kernel_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < p->run.kernel_count; i++) n += p->run.kernels[i]->kind == kind;
    return n;
}

static size_t count_op(const plan *p, ir_op op) {
    size_t n = 0;
    for (size_t i = 0; i < p->run.kernel_count; i++)
        n += p->run.kernels[i]->kind == PLAN_NODE && p->run.kernels[i]->node->op == op;
    return n;
}

static size_t count_loops(const plan_item *item) {
    size_t n = 0;
    for (; item; item = item->next)
        if (!item->kernel) n += 1 + count_loops(item->items);
    return n;
}

/* Buffers that live at the same time do not share memory. */
static void assert_no_overlap(const plan *p) {
    for (size_t i = 0; i < p->buffer_count; i++)
        for (size_t k = 0; k < i; k++) {
            const plan_buffer *a = p->buffers[i], *b = p->buffers[k];
            if (a->dtype != b->dtype || a->end < b->begin || b->end < a->begin) continue;
            bool apart = a->offset + dim_max(a->elements) <= b->offset || b->offset + dim_max(b->elements) <= a->offset;
            ck_assert_msg(apart, "scratch#%zu and scratch#%zu overlap", a->index, b->index);
        }
}

#define STREAM(BOUND)                                                                                               \
    "model m {\n dim T = 1.." BOUND "\n input ids: int32[T]\n layer e = Embedding(9, 6)\n layer l = LSTM(6, 5, 2)\n"  \
    " layer f = Linear(5, 3)\n out, _ = l(unsqueeze(e(ids), 1))\n output y = softmax(f(squeeze(out, 1)), dim=-1)\n}\n"

START_TEST(chunks_do_not_grow) {
    plan *small = plan_of(STREAM("100")), *large = plan_of(STREAM("1000000"));
    ck_assert_int_eq(small->scratch_floats, large->scratch_floats);
    ck_assert_uint_eq(count_loops(large->run.items), 1);
    assert_no_overlap(large);
}
END_TEST

START_TEST(short_dims_need_no_loop) {
    plan *p = plan_of(STREAM("8"));
    ck_assert_uint_eq(count_loops(p->run.items), 0);
    assert_no_overlap(p);
}
END_TEST

START_TEST(batch_around_time) {
    static const char nn[] =
        "model m {\n dim B = 1..4096\n dim T = 1..100000\n input x: float32[B, T, 3]\n"
        " layer l = GRU(3, 4, batch_first=true)\n layer f = Linear(4, 2)\n out, _ = l(x)\n output y = f(out)\n}\n";
    plan *p = plan_of(nn);
    ck_assert_uint_eq(count_loops(p->run.items), 2);
    ck_assert_int_lt(p->scratch_floats, 100000);
    assert_no_overlap(p);
}
END_TEST

/* A reverse direction needs all of its input, and what follows waits for it. */
START_TEST(whole_where_needed) {
    static const char nn[] =
        "model m {\n dim T = 1..1000\n input x: float32[T, 1, 3]\n layer l = LSTM(3, 4, bidirectional=true)\n"
        " layer f = Linear(8, 2)\n out, _ = l(x)\n output y = f(out)\n}\n";
    plan *p = plan_of(nn);
    ck_assert_int_ge(p->scratch_floats, 8 * 1000);
    ck_assert_uint_eq(count_kind(p, PLAN_COPY), 0);
    assert_no_overlap(p);
}
END_TEST

START_TEST(cat_in_place) {
    static const char nn[] =
        "model m {\n input x: float32[2, 3]\n layer a = Linear(3, 4)\n layer b = Linear(3, 5)\n"
        " output y = cat((a(x), tanh(b(x)), x), dim=1)\n}\n";
    plan *p = plan_of(nn);
    ck_assert_uint_eq(count_kind(p, PLAN_COPY), 1); /* x itself */
    for (size_t i = 0; i < p->run.kernel_count; i++) {
        const plan_kernel *k = p->run.kernels[i];
        bool last = k->kind == PLAN_COPY || k->node->op == IR_TANH || strcmp(k->node->label, "a") == 0;
        if (last) ck_assert_int_eq(k->results[0].view.buffer->place, PLAN_OUTPUT);
    }
}
END_TEST

START_TEST(state_in_place) {
    static const char nn[] =
        "model m {\n input x: float32[1, 1, 3]\n state h: float32[2, 1, 4]\n state c: float32[2, 1, 4]\n"
        " layer l = LSTM(3, 4, num_layers=2)\n out, (h, c) = l(x, (h, c))\n output y = out\n}\n";
    plan *p = plan_of(nn);
    ck_assert_uint_eq(p->run.kernel_count, 2);
    ck_assert_int_eq(p->run.kernels[0]->results[1].view.buffer->place, PLAN_STATE);
    ck_assert_int_eq(p->run.kernels[1]->results[2].view.buffer->place, PLAN_STATE);
}
END_TEST

/* The old value is read after the new one is known: it must not be written over. */
START_TEST(state_read_late) {
    static const char nn[] =
        "model m {\n input x: float32[1, 3]\n state h: float32[1, 4]\n layer g = GRUCell(3, 4)\n before = h\n"
        " h = g(x, h)\n output y = h - before\n}\n";
    plan *p = plan_of(nn);
    const plan_kernel *last = p->run.kernels[p->run.kernel_count - 1];
    ck_assert_int_eq(last->kind, PLAN_COPY);
    ck_assert_int_eq(last->results[0].view.buffer->place, PLAN_STATE);
    for (size_t i = 0; i + 1 < p->run.kernel_count; i++)
        for (unsigned r = 0; r < p->run.kernels[i]->result_count; r++) {
            const plan_operand *o = &p->run.kernels[i]->results[r];
            if (o->kind == PLAN_MEMORY) ck_assert_int_ne(o->view.buffer->place, PLAN_STATE);
        }
}
END_TEST

START_TEST(states_swap) {
    static const char nn[] =
        "model m {\n input x: float32[2]\n state a: float32[2]\n state b: float32[2]\n old = a\n a = b\n b = old\n"
        " output y = x + a\n}\n";
    plan *p = plan_of(nn);
    /* both old values leave the states before a state is written */
    size_t first_write = p->run.kernel_count, saved = 0;
    for (size_t i = 0; i < p->run.kernel_count; i++) {
        const plan_kernel *k = p->run.kernels[i];
        plan_place to = k->results[0].view.buffer->place;
        if (to == PLAN_STATE && i < first_write) first_write = i;
        if (to == PLAN_SCRATCH && k->kind == PLAN_COPY) {
            ck_assert_uint_lt(i, first_write);
            saved++;
        }
        if (to == PLAN_STATE) ck_assert_int_eq(k->inputs[0].view.buffer->place, PLAN_SCRATCH);
    }
    ck_assert_uint_eq(saved, 2);
}
END_TEST

START_TEST(views_cost_nothing) {
    static const char nn[] =
        "model m {\n input x: float32[4, 6]\n layer f = Linear(3, 2)\n"
        " output y = f(permute(reshape(x, 4, 2, 3), 1, 0, 2)[:, 1:3])\n}\n";
    plan *p = plan_of(nn);
    ck_assert_uint_eq(p->run.kernel_count, 1);
}
END_TEST

/* No strides can say a transposed matrix as one row, and a product wants dense rows. */
START_TEST(copies_where_needed) {
    plan *p = plan_of("model m {\n input x: float32[4, 6]\n output y = exp(reshape(transpose(x, 0, 1), 24))\n}\n");
    ck_assert_uint_eq(count_kind(p, PLAN_COPY), 1);
    p = plan_of("model m {\n input x: float32[4, 6]\n layer f = Linear(4, 2)\n output y = f(transpose(x, 0, 1))\n}\n");
    ck_assert_uint_eq(count_kind(p, PLAN_COPY), 1);
}
END_TEST

START_TEST(elementwise_chains_are_one_kernel) {
    plan *p = plan_of("model m {\n dim N = 1..9\n input x: float32[N]\n output y = sqrt(x * x + 1.0) / 2 - x\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 1);
    ck_assert_int_eq(p->scratch_floats, 0);
    /* a value that is used twice is computed once */
    p = plan_of("model m {\n input x: float32[5]\n a = exp(x)\n output y = a * tanh(a)\n}\n");
    ck_assert_uint_eq(count_op(p, IR_EXP), 1);
    ck_assert_uint_eq(p->run.kernel_count, 2);
}
END_TEST

START_TEST(reductions_compute_what_they_read) {
    plan *p = plan_of("model m {\n dim T = 1..90\n input x: float32[2, T, 8]\n a, b = unbind(x)\n"
                      " output y = softmax(masked_fill(a / 3, b < 0, -inf), dim=1)\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 1);
    ck_assert_int_eq(p->scratch_floats, 0);
    /* through the views of a pooling, BatchNorm with it: its channels stay where they are */
    p = plan_of("model m {\n input x: float32[2, 3, 8, 8]\n layer f = Sequential(BatchNorm2d(3), ReLU(), MaxPool2d(2))\n"
                " output y = f(x)\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 1);
    p = plan_of("model m {\n input x: float32[2, 4, 6]\n layer f = BatchNorm1d(4)\n"
                " output y = sum(reshape(f(x), 8, 6), dim=1)\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 2);
    /* not what is used elsewhere, too, nor what is made of integers */
    p = plan_of("model m {\n input x: float32[4, 5]\n a = exp(x)\n output y = a\n output s = sum(a, dim=1)\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 2);
    p = plan_of("model m {\n input i: int32[4, 5]\n output s = sum(sqrt(i * 1.0), dim=1)\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 2);
}
END_TEST

START_TEST(windows_are_views) {
    plan *p = plan_of("model m {\n input x: float32[1, 2, 8, 12]\n layer f = Conv2d(2, 3, 3)\n output y = f(x)\n}\n");
    ck_assert_uint_eq(count_kind(p, PLAN_COPY), 0);
    ck_assert_uint_eq(p->run.kernel_count, 1);
    ck_assert_int_le(p->scratch_floats, 2 * 3 * 12 + 16); /* one sequence's rows */
    p = plan_of("model m {\n input x: float32[11, 2]\n"
                " output y = stack((x[0:7:2], x[1:8:2], x[3:10:2])) + 1\n}\n");
    ck_assert_uint_eq(count_kind(p, PLAN_COPY), 3); /* not at even distances */
}
END_TEST

/* What alone reads a convolution is done to its sums, and what is padded lies in its place. */
START_TEST(convolutions_are_followed) {
    static const char layers[] = "layer f = Sequential(Conv2d(2, 6, 3, padding=1), BatchNorm2d(6), ReLU(), MaxPool2d(2))\n";
    plan *p = plan_of(arena_printf(memory, "model m {\n input x: float32[1, 2, 8, 32]\n %s output y = f(x)\n}\n", layers));
    ck_assert_uint_eq(p->run.kernel_count, 3); /* with two PADs */
    const plan_kernel *conv = p->run.kernels[2];
    ck_assert(conv->follow && conv->pool[0] == 2 && conv->pool[1] == 2);
    ck_assert(p->run.kernels[0]->inputs[0].kind == PLAN_MEMORY && p->run.kernels[1]->inputs[0].kind == PLAN_NONE);
    ck_assert_int_le(p->scratch_floats, 2 * 10 * 34 + 2 * 3 * 34 + 32); /* no room for what is not kept */
    p = plan_of("model m {\n dim T = 20..300\n input x: float32[1, 2, T]\n layer f = Conv1d(2, 6, 3)\n output y = gelu(f(x))\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 1);
    /* not where it is read twice, where lanes are channels, nor by what changes more than the value */
    p = plan_of("model m {\n input x: float32[1, 2, 40]\n layer f = Conv1d(2, 6, 3)\n c = f(x)\n output y = relu(c)\n"
                " output z = c\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 2);
    p = plan_of("model m {\n input x: float32[1, 2, 40]\n layer f = Conv1d(2, 6, 3, padding=1)\n output y = relu(f(x))\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 2);
    p = plan_of("model m {\n input x: float32[1, 2, 40]\n input s: float32[38]\n layer f = Conv1d(2, 6, 3)\n output y = f(x) + s\n}\n");
    ck_assert_uint_eq(p->run.kernel_count, 2);
}
END_TEST

/* A kernel's function takes every dim that a size or a stride of it has. */
START_TEST(many_dims) {
    enum { DIMS = 20 };
    text nn = text_new(memory);
    text_add(&nn, "model m {\n");
    for (int i = 0; i < DIMS; i++) text_printf(&nn, " dim T%d = 1..4\n input x%d: float32[T%d]\n", i, i, i);
    text_add(&nn, " output y = relu(cat((");
    for (int i = 0; i < DIMS; i++) text_printf(&nn, "%sx%d", i ? ", " : "", i);
    text_add(&nn, ")))\n}\n");
    plan *p = plan_of(text_string(&nn));
    const plan_kernel *last = p->run.kernels[p->run.kernel_count - 1];
    ck_assert_int_eq(last->node->op, IR_RELU);
    ck_assert_uint_eq(last->symbol_count, DIMS);
}
END_TEST

START_TEST(too_large) {
    static const char nn[] = "model m {\n dim T = 1..1000000000\n input x: float32[T]\n output y = cumsum(exp(x), 0)\n}\n";
    source *s = source_from_text(memory, "test.nn", nn, strlen(nn));
    diag_list *diags = diag_list_new(memory, s);
    lowered_file file = lower_file(memory, parse_file(memory, s, diags), diags);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    ck_assert(passes_run(file.models[0], diags));
    plan_model(memory, file.models[0], &all_bodies, diags);
    ck_assert_uint_eq(diag_error_count(diags), 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("plan");
    TCase *c = tcase_create("plan");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, chunks_do_not_grow);
    tcase_add_test(c, short_dims_need_no_loop);
    tcase_add_test(c, batch_around_time);
    tcase_add_test(c, whole_where_needed);
    tcase_add_test(c, cat_in_place);
    tcase_add_test(c, state_in_place);
    tcase_add_test(c, state_read_late);
    tcase_add_test(c, states_swap);
    tcase_add_test(c, views_cost_nothing);
    tcase_add_test(c, copies_where_needed);
    tcase_add_test(c, elementwise_chains_are_one_kernel);
    tcase_add_test(c, reductions_compute_what_they_read);
    tcase_add_test(c, windows_are_views);
    tcase_add_test(c, convolutions_are_followed);
    tcase_add_test(c, many_dims);
    tcase_add_test(c, too_large);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

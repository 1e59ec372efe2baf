/* fuzz_language: a .nn file's text through the whole compiler, as nnc --random-weights takes it: the commands' own stages, and
 * formatted. On the way the IR must keep its invariants, and its text must read as what was printed. */
#include "commands/pipeline.h"
#include "emit/emit.h"
#include "fuzz.h"
#include "syntax/format.h"

enum {
    MOST_WEIGHTS = 1 << 14, /* elements: more would only make the C text longer */
    MOST_NODES = 3000       /* and so would a network of a million layers */
};

/* The graph of a model's run function, and, where it is trained, of its eval and train functions. */
typedef void with_graph(arena *a, const ir_model *m, void *context);

static void each_graph(arena *a, const lowered_file *f, with_graph *call, void *context) {
    for (size_t i = 0; i < f->count; i++) {
        const ir_training *t = f->models[i]->training;
        call(a, f->models[i], context);
        if (!t) continue;
        call(a, t->eval, context);
        call(a, t->train, context);
    }
}

static void count_nodes(arena *a, const ir_model *m, void *count) {
    (void)a;
    for (const ir_node *n = m->run.first; n; n = n->next) ++*(int64_t *)count;
}

static bool is_small(arena *a, const lowered_file *f) {
    int64_t elements = 0, nodes = 0;
    each_graph(a, f, count_nodes, &nodes);
    for (size_t i = 0; i < f->count; i++)
        for (size_t k = 0; k < f->models[i]->param_count; k++) {
            const dim *size = ir_type_elements(f->models[i]->dims, &f->models[i]->params[k].type);
            if (dim_is_huge(size) || dim_max(size) > MOST_WEIGHTS) return false;
            elements += dim_max(size);
        }
    return elements <= MOST_WEIGHTS && nodes <= MOST_NODES;
}

static void check_ir(arena *a, const ir_model *m, void *context) {
    const char *when = context;
    const char *wrong = ir_check(a, m);
    fuzz_check(!wrong, arena_printf(a, "%s: %s", when, wrong));
    text once = text_new(a), twice = text_new(a);
    ir_print(m, &once);
    const char *error = NULL;
    ir_model *again = ir_read(a, text_string(&once), once.length, &error);
    fuzz_check(again, arena_printf(a, "%s: %s\n%s", when, error, text_string(&once)));
    ir_print(again, &twice);
    fuzz_check(strcmp(text_string(&once), text_string(&twice)) == 0,
               arena_printf(a, "%s:\n%s\n--- read again:\n%s", when, text_string(&once), text_string(&twice)));
}

/* The options follow from the input, so that a file alone repeats its fault. */
static options options_of(size_t size) {
    static const int64_t unrolls[] = {0, 8, 64}, tapes[] = {0, 1, 0, 3, 0};
    static const ir_weights types[] = {IR_WEIGHTS_DEFAULT, IR_WEIGHTS_INT8, IR_WEIGHTS_INT16};
    options o = options_default();
    o.input = "case.nn";
    o.random_weights = true;
    o.seed = 1;
    o.target = size % 2 ? "all" : "baseline";
    o.unroll = unrolls[size % 3];
    o.tape = tapes[size % 5];
    o.inference = size % 7 == 1;
    o.train_only = size % 7 == 2;
    o.weights_beside = size % 7 == 3;
    o.weights_type = types[size % 11 < 3 ? size % 11 : 0];
    return o;
}

typedef bool write_file(const emit_options *o, const plan *const *plans, emit_api *const *apis, size_t count, FILE *to);

static void emit(write_file *write, bool is_text, const emit_options *o, const pipeline *p) {
    char *bytes = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&bytes, &length);
    fuzz_check(to, "open_memstream");
    bool good = write(o, p->plans, p->apis, p->file.count, to);
    fclose(to);
    fuzz_check(good && length && (!is_text || strlen(bytes) == length), "what was emitted is whole");
    free(bytes);
}

static void emit_all(const pipeline *p) {
    emit_options o = {.source_name = "case.nn",
                      .header_name = "case.h",
                      .code_name = "case.c",
                      .banner_options = "",
                      .target = p->options->target};
    emit(emit_header, true, &o, p);
    emit(emit_source, true, &o, p);
    if (p->options->weights_beside) emit(emit_weights, false, &o, p);
}

/* The canonical form says the same, by format_source's own word, and is its own. */
static void check_format(arena *a, const source *s) {
    text once = text_new(a), twice = text_new(a);
    format_source(a, s, &once);
    format_source(a, source_from_text(a, s->path, text_string(&once), once.length), &twice);
    fuzz_check(strcmp(text_string(&once), text_string(&twice)) == 0,
               arena_printf(a, "formatted:\n%s\n--- again:\n%s", text_string(&once), text_string(&twice)));
}

static void compile(pipeline *p) {
    ast_file *ast = pipeline_parse(p);
    if (!diag_error_count(p->diags)) check_format(p->arena, p->source);
    if (!pipeline_lower(p, ast)) return;
    each_graph(p->arena, &p->file, check_ir, "lowered");
    bool small = is_small(p->arena, &p->file);
    if (small) pipeline_bind(p);
    if (!pipeline_passes(p)) return;
    each_graph(p->arena, &p->file, check_ir, "after the passes");
    if (!pipeline_plan(p)) return;
    for (size_t i = 0; i < p->file.count; i++) {
        const plan *modes[PLAN_MODES];
        size_t count = plan_modes(p->plans[i], modes);
        text dump = text_new(p->arena);
        for (size_t k = 0; k < count; k++) plan_print(modes[k], &dump);
    }
    if (small) emit_all(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const options o = options_of(size);
    pipeline p;
    pipeline_open_text(&p, &o, (const char *)data, size);
    compile(&p);
    fuzz_show(p.diags);
    pipeline_release(&p);
    arena_free(p.arena);
    return 0;
}

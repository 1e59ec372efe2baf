/* fuzz_language: a .nn file's text through the whole compiler, as nnc --random-weights takes it: parsed, lowered, checked,
 * passed, planned and emitted; and formatted. On the way the IR must keep its invariants, and its text must read as what was printed. */
#include "emit/emit.h"
#include "emit/target.h"
#include "fuzz.h"
#include "lower/lower.h"
#include "passes/passes.h"
#include "syntax/format.h"
#include "syntax/parse.h"
#include "weights/bind.h"

enum {
    MOST_WEIGHTS = 1 << 14, /* elements: more would only make the C text longer */
    MOST_NODES = 3000       /* and so would a network of a million layers */
};

static bool is_small(ir_model *const *models, size_t count) {
    int64_t elements = 0, nodes = 0;
    for (size_t i = 0; i < count; i++) {
        for (const ir_node *n = models[i]->run.first; n; n = n->next) nodes++;
        for (size_t k = 0; k < models[i]->param_count; k++) {
            const dim *size = ir_type_elements(models[i]->dims, &models[i]->params[k].type);
            if (dim_is_huge(size) || dim_max(size) > MOST_WEIGHTS) return false;
            elements += dim_max(size);
        }
    }
    return elements <= MOST_WEIGHTS && nodes <= MOST_NODES;
}

static void check_ir(arena *a, const ir_model *m, const char *when) {
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
static const char *target_of(size_t size) { return size % 2 ? "all" : "baseline"; }

static plan_options planning_of(size_t size) {
    static const int64_t unrolls[] = {0, 8, 64};
    plan_options o = {.unroll = unrolls[size % 3]};
    target_bodies(target_of(size), &o);
    return o;
}

static void emit(const plan *const *plans, emit_api *const *apis, size_t count, size_t size) {
    emit_options o = {.source_name = "case.nn",
                      .header_name = "case.h",
                      .banner_options = "",
                      .target = target_of(size)};
    char *bytes = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&bytes, &length);
    fuzz_check(to, "open_memstream");
    bool good = emit_header(&o, plans, apis, count, to) && emit_source(&o, plans, apis, count, to);
    fclose(to);
    fuzz_check(good && length && strlen(bytes) == length, "what was emitted is whole text");
    free(bytes);
}

/* The canonical form says the same, by format_source's own word, and is its own. */
static void check_format(arena *a, const source *s) {
    text once = text_new(a), twice = text_new(a);
    format_source(a, s, &once);
    format_source(a, source_from_text(a, s->path, text_string(&once), once.length), &twice);
    fuzz_check(strcmp(text_string(&once), text_string(&twice)) == 0,
               arena_printf(a, "formatted:\n%s\n--- again:\n%s", text_string(&once), text_string(&twice)));
}

static void compile(arena *a, const source *s, diag_list *diags) {
    ast_file *ast = parse_file(a, s, diags);
    if (!diag_error_count(diags)) check_format(a, s);
    lowered_file lowered = lower_file(a, ast, diags);
    if (diag_error_count(diags)) return;
    for (size_t i = 0; i < lowered.count; i++) check_ir(a, lowered.models[i], "lowered");
    emit_api *const *apis = emit_apis(a, lowered.models, lowered.count, false);
    emit_api_check(a, lowered.models, apis, lowered.count, diags);
    bool small = is_small(lowered.models, lowered.count);
    if (small) bind_random_weights(lowered.models, lowered.count, 1);
    const plan_options planning = planning_of(s->size);
    const plan **plans = ARENA_ARRAY(a, const plan *, lowered.count);
    for (size_t i = 0; i < lowered.count; i++) {
        if (!passes_run(lowered.models[i], diags)) continue;
        check_ir(a, lowered.models[i], "after the passes");
        plans[i] = plan_model(a, lowered.models[i], &planning, diags);
        text dump = text_new(a);
        plan_print(plans[i], &dump);
    }
    if (diag_error_count(diags) || !small) return;
    emit(plans, apis, lowered.count, s->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena *a = arena_new();
    source *s = source_from_text(a, "case.nn", (const char *)data, size);
    diag_list *diags = diag_list_new(a, s);
    compile(a, s, diags);
    fuzz_show(diags);
    arena_free(a);
    return 0;
}

/* passes: their order. */
#include "passes/passes.h"

#include "passes/differentiate.h"

/* A pass that breaks the IR is our own fault; release builds save the time. */
static void verify(const ir_model *m, const char *after) {
#ifdef NDEBUG
    (void)m;
    (void)after;
#else
    const char *wrong = ir_check(m->arena, m);
    if (wrong) ice("model %s after %s: %s", m->name, after, wrong);
#endif
}

/* All but dce, on one model; false after errors. */
static bool run_graph(ir_model *m, diag_list *diags) {
    size_t errors = diag_error_count(diags);
    verify(m, "lowering");
    if (m->training || m->base) pass_multiply_turned(m);
    verify(m, "multiply_turned");
    pass_arrange_params(m);
    verify(m, "arrange_params");
    pass_fold(m);
    verify(m, "fold");
    pass_hoist(m);
    verify(m, "hoist");
    pass_bound_indices(m, diags);
    if (diag_error_count(diags) != errors) return false;
    verify(m, "bound_indices");
    if (m->base && m->base->training->train == m) pass_train_mode(m, diags);
    verify(m, "train_mode");
    pass_last_step(m);
    verify(m, "last_step");
    pass_fold(m); /* the views that last_step left */
    verify(m, "fold");
    return diag_error_count(diags) == errors;
}

/* The gradient; false after errors. */
static bool differentiate(ir_model *train, diag_list *diags) {
    size_t errors = diag_error_count(diags);
    pass_differentiate(train, diags);
    verify(train, "differentiate");
    pass_fold(train);
    verify(train, "fold");
    return diag_error_count(diags) == errors;
}

bool passes_run(ir_model *m, diag_list *diags) {
    bool fine = run_graph(m, diags);
    if (m->training) {
        fine = run_graph(m->training->eval, diags) && fine;
        fine = run_graph(m->training->train, diags) && fine;
    }
    if (!fine) return false;
    if (m->training && !differentiate(m->training->train, diags)) return false;
    pass_dce(m, diags);
    ir_place_params(m);
    verify(m, "dce");
    return true;
}

/* passes: their order. */
#include "passes/passes.h"

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

bool passes_run(ir_model *m, diag_list *diags) {
    size_t errors = diag_error_count(diags);
    verify(m, "lowering");
    pass_arrange_params(m);
    verify(m, "arrange_params");
    pass_fold(m);
    verify(m, "fold");
    pass_hoist(m);
    verify(m, "hoist");
    pass_bound_indices(m, diags);
    if (diag_error_count(diags) != errors) return false;
    verify(m, "bound_indices");
    pass_last_step(m);
    verify(m, "last_step");
    pass_fold(m); /* the views that last_step left */
    verify(m, "fold");
    pass_dce(m, diags);
    verify(m, "dce");
    return true;
}

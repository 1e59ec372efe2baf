/* Small models written as IR text, and what is left of them after a pass. */
#include "passes/passes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static arena *memory;
static diag_list *diags;

static inline void forget_diags(void)
{
    diags = diag_list_new(memory, source_from_text(memory, "m.nn", "model m {\n}\n", 12));
}

static inline void setup(void)
{
    memory = arena_new();
    forget_diags();
}

static inline void teardown(void)
{
    arena_free(memory);
}

static inline void sound(const ir_model *m)
{
    const char *wrong = ir_check(memory, m);
    ck_assert_msg(wrong == NULL, "%s", wrong);
}

/* A model with these declarations, run graph and what follows it. */
static inline ir_model *model(const char *declarations, const char *rest)
{
    const char *s = arena_printf(memory, "model m\n%s\nrun:\n%s\n", declarations, rest), *error = NULL;
    ir_model *m = ir_read(memory, s, strlen(s), &error);
    ck_assert_msg(m != NULL, "%s in\n%s", error, s);
    sound(m);
    return m;
}

static inline const char *printed(const ir_model *m)
{
    text t = text_new(memory);
    ir_print(m, &t);
    return text_string(&t);
}

static inline void has(const ir_model *m, const char *line)
{
    ck_assert_msg(strstr(printed(m), line) != NULL, "no '%s' in\n%.3000s", line, printed(m));
}

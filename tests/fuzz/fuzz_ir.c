/* fuzz_ir: the IR's text. What ir_read takes prints; what was printed reads again and prints the same; ir_check stands
 * any of it. */
#include "fuzz.h"
#include "ir/ir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena *a = arena_new();
    char *copy = malloc(size ? size : 1); /* of exactly that size: reading past it is seen */
    fuzz_check(copy, "malloc");
    if (size) memcpy(copy, data, size);
    const char *error = NULL;
    ir_model *m = ir_read(a, copy, size, &error);
    fuzz_check(m || (error && *error), "no model, and no word why");
    free(copy); /* and nothing points into it */
    if (m) {
        const char *wrong = ir_check(a, m);
        text once = text_new(a), twice = text_new(a);
        ir_print(m, &once);
        ir_model *again = ir_read(a, text_string(&once), once.length, &error);
        fuzz_check(again, arena_printf(a, "%s\n%s", error, text_string(&once)));
        ir_print(again, &twice);
        fuzz_check(strcmp(text_string(&once), text_string(&twice)) == 0,
                   arena_printf(a, "%s\n--- read again:\n%s", text_string(&once), text_string(&twice)));
        const char *wrong_again = ir_check(a, again);
        fuzz_check(!wrong == !wrong_again, arena_printf(a, "ir_check: %s, then: %s", wrong ? wrong : "right",
                                                        wrong_again ? wrong_again : "right"));
    }
    arena_free(a);
    return 0;
}

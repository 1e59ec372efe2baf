/* verify_compare: runs code and interpreters side by side and adds up their differences. */
#ifndef NNC_COMMANDS_VERIFY_COMPARE_H
#define NNC_COMMANDS_VERIFY_COMPARE_H

#include "commands/verify.h"

typedef struct {
    const ir_model
        *reference;  /* as lowering made it, bound, with the watched outputs behind its own */
    const ir_model *own; /* the same, all weights as the file has them; NULL: they are so anyway */
    native *code;    /* of the model as it is; the runs are written down */
    native *watched; /* of the model with the watched outputs; NULL if there are none */
    int body;        /* of watched */
} verify_sides;

/* Fills what `to` has of errors; false, and an error, when something cannot go on. */
bool verify_compare(const verify_sides *sides, const verify_runs *runs, verified *to,
                    diag_list *diags);

#endif

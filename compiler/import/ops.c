/* ops: the rows of ops.def as a table. */
#include "import/ops.h"

static const operator_row rows[] = {
#define OPERATOR(...) {__VA_ARGS__},
#include "import/ops.def"
};

const operator_row *operator_find(const char *type) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].type, type) == 0) return &rows[i];
    return NULL;
}

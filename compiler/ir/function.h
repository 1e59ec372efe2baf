/* function: the functions of one argument (function.def) as a table: what lowering, IR, passes, interpreter and
 * emitters know of each. */
#ifndef NNC_IR_FUNCTION_H
#define NNC_IR_FUNCTION_H

#include "ir/ir.h"

typedef enum { IR_FLOATS, IR_EITHER, IR_WHOLE } ir_function_types; /* see function.def */
typedef enum { IR_ANY, IR_NOT_ZERO, IR_NOT_NEGATIVE, IR_GIVEN } ir_domain; /* GIVEN: any, and never left out */

typedef struct {
    const char *name; /* NULL: there is none */
    ir_domain domain;
    double otherwise; /* torch's default */
} ir_function_parameter;

enum { IR_FUNCTION_PARAMETERS = 2 }; /* as many as ir_attrs.scalar holds */

typedef struct {
    const char *name, *module, *vector; /* module: NULL where torch.nn has none */
    ir_function_types types;
    bool inplace;
    ir_function_parameter parameters[IR_FUNCTION_PARAMETERS];
    double (*value)(double x, const double *parameters);
    double (*slope)(double x, const double *parameters);
} ir_function;

/* The row of an operator; NULL for one that is no such function. */
const ir_function *ir_function_of(ir_op op);
unsigned ir_function_parameter_count(const ir_function *f);
/* By its name in the table; 0 (which is no function) when there is none. */
ir_op ir_function_find(const char *name);

/* Of two numbers, as torch: a NaN wins, whichever it is. */
double ir_larger(double x, double y);
double ir_smaller(double x, double y);

#endif

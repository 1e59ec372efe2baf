/* training_parts: what training.c and the training_*.c share; nobody else includes it. */
#ifndef NNC_EMIT_TRAINING_PARTS_H
#define NNC_EMIT_TRAINING_PARTS_H

#include "emit/emit.h"
#include "kernels/kernel.h"

typedef struct {
    emit_context *e; /* of the plan of run */
    cunit *u;
    const emit_api *api;
    const ir_model *model;
    const ir_training *training;
    const param_places *places; /* of the parameters in the struct's arrays, */
    int64_t floats;             /* each of which has so many */
    bool in_order;              /* they lie there as callers see them: element i is i */
} training;

training training_of(emit_context *e, const emit_api *api);
const char *training_name(const training *t, const char *what);          /* NAME_what */
cexpr *training_member(const training *t, const char *member);           /* self->member */
cexpr *training_element(const training *t, const char *member, cexpr *index);
/* NAME_what(self_type NAME *self, …); self_type: "const " or "" */
cfunction *training_function(const training *t, const char *type, const char *what, const char *self_type);
const param_place *training_place_of(const training *t, const ir_param *p);
/* Elements of the arrays in the order in which callers see them: row-major, by keys. training_map.c makes the function
 * that says where they are. */
void training_map_function(const training *t);
cexpr *training_map(const training *t, cexpr *i);                       /* a call of it */
cexpr *training_at(const training *t, const char *member, cexpr *i);     /* self->member[where element i is] */
/* i runs over all. */
cblock *training_for_each(const training *t, cblock *b);
void training_clear(const training *t, cblock *b, const char *member);   /* to zeros */

/* Some neighbouring elements of the arrays: as many as a vector has lanes, or (lanes is not NULL) the first of these.
 */
typedef struct {
    cexpr *index, *lanes;
} training_place;

cexpr *training_load(const training *t, const char *member, const training_place *at);
void training_store(const training *t, cblock *b, const char *member, const training_place *at, cexpr *value);
/* Elements [from, to), a vector at a time, and then what is left of one. */
typedef void training_body(void *context, cblock *b, const training_place *at);
void training_each(const training *t, cblock *b, cexpr *from, cexpr *to, training_body *body, void *context);

/* The functions of one clipping. */
typedef struct {
    const char *norm;   /* NULL: by value */
    const char *change; /* of the gradients */
} training_clip;

training_clip *training_clip_functions(const training *t); /* as the model has clippings */
cexpr *training_clipped(const training *t, cexpr *g); /* a vector of gradients, by value */
void training_clip_calls(const training *t, cblock *b, const training_clip *functions);
void training_step_function(const training *t, bool is_static);
void training_init_function(const training *t);
void training_file_functions(const training *t);

#endif

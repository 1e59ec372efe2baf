/* template: the files of packages and of new projects, embedded when nnc is built, and what stands
 * for @name@ in them. */
#ifndef NNC_TEMPLATE_H
#define NNC_TEMPLATE_H

#include "support/text.h"

typedef struct {
    const char *path; /* "package/arduino/README.md"; may have variables as well */
    const char *bytes;
    size_t size;
} template_file;

extern const template_file template_files[]; /* the path of the last is NULL */

typedef struct {
    const char *name, *value; /* the last one's name is NULL */
} template_variable;

/* Whether a file belongs to a set, "package/arduino", and then its path in it; else NULL. */
const char *template_path_in(const template_file *f, const char *set);
/* The text with @name@ replaced wherever there is such a variable. */
void template_fill(const char *bytes, size_t size, const template_variable *variables, text *to);

#endif

/* package: what the templates of a package say of the models of a file. */
#ifndef NNC_COMMANDS_PACKAGE_H
#define NNC_COMMANDS_PACKAGE_H

#include "commands/pipeline.h"

/* An Arduino sketch: memory for all models and their arrays, at the least sizes; calls of reset;
 * calls of run that print. */
const char *package_sketch_memory(const pipeline *p);
const char *package_sketch_reset(const pipeline *p);
const char *package_sketch_run(const pipeline *p);

/* The Python module: rows of its table of models, the C of sizes.c, and an example of a call. */
const char *package_python_models(const pipeline *p);
const char *package_python_sizes(const pipeline *p);
const char *package_python_example(const pipeline *p, const char *name);

/* With --weights-as file: the Python name of the file, CMake's line that installs it, and a paragraph; else None and
 * nothing. */
const char *package_python_weights(const pipeline *p, const char *name);
const char *package_weights_install(const pipeline *p, const char *name);
const char *package_weights_said(const pipeline *p, const char *name);

#endif

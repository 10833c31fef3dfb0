/*
 * How many elements an array has.
 */
#ifndef LIB_ELEMENTS_H
#define LIB_ELEMENTS_H

/* An array itself, never a pointer to its first element. */
#define N_ELEMENTS(array)	(sizeof(array) / sizeof((array)[0]))

#endif

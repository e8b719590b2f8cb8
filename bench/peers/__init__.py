"""The same rows written for other frameworks, each as its documentation would have it; what it lacks is left out."""

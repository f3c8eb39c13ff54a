"""How the plant ages: damage laws, what drives them, what follows, repair, and the true remaining life."""

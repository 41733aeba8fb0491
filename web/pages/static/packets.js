// Says that scripts run, so that the menu of narrow screens may fold; everything else works without.
document.documentElement.classList.add("scripted");

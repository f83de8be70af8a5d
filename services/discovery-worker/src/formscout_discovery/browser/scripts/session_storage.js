// Fills an empty session storage with what the state holds for this origin, before the page's own scripts run.
(stored) => {
  try {
    const own = stored[location.origin];
    if (!own || window !== window.top || sessionStorage.length > 0) return;
    for (const [key, value] of Object.entries(own)) sessionStorage.setItem(key, value);
  } catch { /* a page that may not have storage has no session in it */ }
}

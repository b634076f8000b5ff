// Secrets that are shown this once. A form with data-shows="one_time_password" and data-then="none" opens the dialog
// #once with that part of the answer; the page is read again, without it, when the dialog is closed.
document.addEventListener("callqa:done", ({ target, detail }) => {
  const name = target.dataset?.shows;
  if (!name) return;
  const dialog = document.getElementById("once");
  const reread = () => {
    const then = target.dataset.onward;
    if (!then) return location.reload();
    location.assign(then.replace("{id}", encodeURIComponent((detail.user ?? detail.webhook).id)));
  };
  if (detail[name] === null) return reread(); // an account without a password
  dialog.querySelector("code").textContent = detail[name];
  dialog.addEventListener("close", reread, { once: true });
  dialog.showModal();
});

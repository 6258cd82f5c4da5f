# A certificate that ends in ten days, counted from now, not from when the image was built.
openssl req -x509 -key /etc/nginx/portal.key -days 10 -subj '/CN=portal.office.example' -out /etc/nginx/portal.crt
